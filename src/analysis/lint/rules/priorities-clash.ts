import { podFacts } from '../../../model/identity/pod-facts.ts';
import { compileClusterPolicy } from '../../../model/policy/compile-cluster.ts';
import type { CompiledPolicy } from '../../../model/policy/compile.ts';
import { fromAdminPolicy } from '../../../model/policy/older-policies.ts';
import { isSelected } from '../../../model/policy/subject.ts';
import { inOrder } from '../../../model/policy/tiers.ts';
import { clusterPolicy } from '../examples.ts';
import { namesOfPods, type LintFacts } from '../facts.ts';
import type { LintRule } from '../rule.ts';

const denyWeb = `${clusterPolicy('deny-web', 10)}  ingress:
    - { action: Deny, from: [{ pods: { podSelector: { matchLabels: { app: web } } } }] }
---
`;
const acceptAll = `  ingress:
    - { action: Accept, from: [{ namespaces: {} }] }
`;

export const prioritiesClash: LintRule = {
  id: 'WL026',
  name: 'priorities-clash',
  severity: 'warning',
  title: 'Two policies of one tier have the same priority and select the same pods',
  why: 'The first rule that matches decides in a tier, and Kubernetes leaves open which of two policies of one priority is asked first. Weft asks the one whose name sorts first; another network may do otherwise, and a name is easily changed.',
  fix: 'Give one of them another priority: the lower is asked first.',
  example: {
    wrong: `${denyWeb}${clusterPolicy('others', 10)}${acceptAll}`,
    right: `${denyWeb}${clusterPolicy('others', 11)}${acceptAll}`,
  },
  *check(facts) {
    const policies = orderedPolicies(facts);
    for (const [index, policy] of policies.entries()) {
      for (const before of policies.slice(0, index)) {
        if (before.tier !== policy.tier || before.priority !== policy.priority) continue;
        const pods = isInSameDirection(before, policy) ? podsOfBoth(facts, before, policy) : [];
        if (pods.length === 0) continue;
        yield {
          object: { kind: policy.kind, key: policy.key },
          path: 'spec.priority',
          message: `is that of ${before.kind} ${before.key} too, and both select ${namesOfPods(facts, pods)}`,
        };
        break;
      }
    }
  },
};

/** All policies with a priority, in the order in which they are asked. */
function orderedPolicies({ cluster }: LintFacts): CompiledPolicy[] {
  return [
    ...[...cluster.clusterNetworkPolicies.values()].map((policy) =>
      compileClusterPolicy('ClusterNetworkPolicy', policy),
    ),
    ...[...cluster.adminNetworkPolicies.values()].map((policy) =>
      compileClusterPolicy('AdminNetworkPolicy', fromAdminPolicy(policy)),
    ),
  ].sort(inOrder);
}

const isInSameDirection = (a: CompiledPolicy, b: CompiledPolicy): boolean =>
  (a.ingress !== undefined && b.ingress !== undefined) || (a.egress !== undefined && b.egress !== undefined);

/** Keys of the pods that both select. */
function podsOfBoth({ cluster }: LintFacts, a: CompiledPolicy, b: CompiledPolicy): string[] {
  const population = {
    labelsOf: (name: string) => ({
      ...cluster.namespaces.get(name)?.metadata.labels,
      'kubernetes.io/metadata.name': name,
    }),
  };
  return [...cluster.pods]
    .filter(([, pod]) => {
      const facts = podFacts(pod);
      return facts !== undefined && [a, b].every(({ subject }) => isSelected(subject, facts, population));
    })
    .map(([key]) => key);
}
