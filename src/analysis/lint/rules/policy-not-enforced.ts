import { modelTraits } from '../../../model/network/models.ts';
import { clusterNetwork, dbFromWeb } from '../examples.ts';
import type { LintRule } from '../rule.ts';

export const policyNotEnforced: LintRule = {
  id: 'WL037',
  name: 'policy-not-enforced',
  severity: 'error',
  title: 'A policy is for a network that enforces none',
  why: 'The network models flannel and kubenet have nothing that enforces policies. The API server accepts them all the same, and everybody still reaches everybody.',
  fix: 'Choose a model that enforces policies: calico, or one of azure-cni. The model cannot be changed later on.',
  example: {
    wrong: `${clusterNetwork('flannel')}---
${dbFromWeb}`,
    right: `${clusterNetwork('calico')}---
${dbFromWeb}`,
  },
  needsNoPods: true,
  *check({ cluster: { config }, policies, clusterPolicies }) {
    const { enforcesPolicies, podAddresses } = modelTraits[config.model];
    // Who wires the pods in the place of Weft may enforce them too.
    if (enforcesPolicies || podAddresses === 'own') return;
    const written = policies.map(({ key }) => ({ kind: 'NetworkPolicy', key }) as const);
    for (const { kind, key } of [...written, ...clusterPolicies]) {
      yield {
        object: { kind, key },
        path: '',
        message: `has no effect: the network model ${config.model} enforces no policies`,
      };
    }
  },
};
