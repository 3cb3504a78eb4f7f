import { resourceOf, keyOf, layer2Resources } from '../../../api/resources.ts';
import { networksOfPolicy } from '../../../model/policy/compile-multi.ts';
import { attachedPod, multiPolicy } from '../examples.ts';
import type { LintRule } from '../rule.ts';

export const policyNetworkMissing: LintRule = {
  id: 'WL042',
  name: 'policy-network-missing',
  severity: 'error',
  title: 'A MultiNetworkPolicy is about a network that is not there',
  why: 'The annotation k8s.v1.cni.cncf.io/policy-for says which networks the policy is about: NetworkAttachmentDefinitions by [NAMESPACE/]NAME, of its own namespace where none is given. One that is not there isolates nobody, and a policy without the annotation is about no network at all.',
  fix: 'Name a NetworkAttachmentDefinition, with its namespace where that is another one.',
  example: {
    wrong: `${attachedPod}---
${multiPolicy('camera')}`,
    right: `${attachedPod}---
${multiPolicy('cameras')}`,
  },
  needsNoPods: true,
  *check({ cluster: { multiNetworkPolicies = new Map(), layer2 = [] } }) {
    const definitions = layer2.filter(
      (one) => resourceOf(one) === layer2Resources.networkattachmentdefinitions,
    );
    const known = new Set(definitions.map(keyOf));
    for (const [key, policy] of multiNetworkPolicies) {
      const networks = networksOfPolicy(policy);
      const mistake = (message: string) =>
        ({ object: { kind: 'MultiNetworkPolicy', key }, path: 'metadata.annotations', message }) as const;
      if (networks.length === 0) yield mistake('names no network');
      for (const network of networks) {
        if (!known.has(network)) yield mistake(`there is no NetworkAttachmentDefinition ${network}`);
      }
    }
  },
};
