import type { ClusterPolicyFacts } from '../cluster-policy-facts.ts';
import { clusterPolicy } from '../examples.ts';
import { namesOfPods } from '../facts.ts';
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
    const policies = facts.clusterPolicies.filter(({ kind }) => kind !== 'BaselineAdminNetworkPolicy');
    for (const [index, policy] of policies.entries()) {
      for (const before of policies.slice(0, index)) {
        const { tier, priority } = before.compiled;
        if (tier !== policy.compiled.tier || priority !== policy.compiled.priority) continue;
        const selected = new Set(isInSameDirection(before, policy) ? before.subjects : []);
        const pods = policy.subjects.filter((key) => selected.has(key));
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

const isInSameDirection = (a: ClusterPolicyFacts, b: ClusterPolicyFacts): boolean =>
  a.rules.some(({ direction }) => b.rules.some((other) => other.direction === direction));
