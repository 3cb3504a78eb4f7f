import { matchesSelector } from '../../../api/selector.ts';
import { networksOfPolicy } from '../../../model/policy/compile-multi.ts';
import { attachedPod, multiPolicy } from '../examples.ts';
import type { LintRule } from '../rule.ts';

export const policySelectsNoInterface: LintRule = {
  id: 'WL043',
  name: 'policy-selects-no-interface',
  severity: 'warning',
  title: 'A MultiNetworkPolicy selects no pod with an interface on its networks',
  why: 'A MultiNetworkPolicy isolates the interfaces that selected pods have on its networks. No pod that this one selects has any: whatever it was to protect stays open. A pod is on a network by its annotation k8s.v1.cni.cncf.io/networks.',
  fix: "Correct the podSelector, or the networks of the pods' template.",
  example: {
    wrong: `${attachedPod}---
${multiPolicy('cameras', 'web')}`,
    right: `${attachedPod}---
${multiPolicy('cameras')}`,
  },
  *check({ cluster: { multiNetworkPolicies = new Map(), pods }, index: { segments } }) {
    for (const [key, policy] of multiNetworkPolicies) {
      const networks = networksOfPolicy(policy);
      const { podSelector = {} } = policy.spec ?? {};
      const isIsolated = [...(segments?.interfaces.values() ?? [])].some(({ pod, network }) => {
        const metadata = pods.get(pod)?.metadata;
        const isOwn = metadata?.namespace === policy.metadata.namespace;
        return isOwn && networks.includes(network) && matchesSelector(podSelector, metadata?.labels);
      });
      if (isIsolated || networks.length === 0) continue;
      yield {
        object: { kind: 'MultiNetworkPolicy', key },
        path: 'spec.podSelector',
        message: `selects no pod with an interface on ${networks.join(', ')}`,
      };
    }
  },
};
