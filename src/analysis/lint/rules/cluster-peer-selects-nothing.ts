import { clusterPolicy } from '../examples.ts';
import type { LintRule } from '../rule.ts';

const denyFrom = (app: string): string => `${clusterPolicy('deny', 10)}  ingress:
    - { action: Deny, from: [{ pods: { podSelector: { matchLabels: { app: ${app} } } } }] }
`;

export const clusterPeerSelectsNothing: LintRule = {
  id: 'WL028',
  name: 'cluster-peer-selects-nothing',
  severity: 'warning',
  title: 'A peer of a cluster-wide policy is nobody',
  why: 'The selectors of this peer select no pod of any namespace: what the rule denies, accepts or passes on happens to nobody. Where it was to deny, it denies nothing.',
  fix: 'Compare the selectors with the labels of the namespaces and pods that were meant.',
  example: { wrong: denyFrom('website'), right: denyFrom('web') },
  *check({ clusterPolicies }) {
    for (const { kind, key, rules } of clusterPolicies) {
      for (const { path, selected } of rules.flatMap(({ peers }) => peers)) {
        if (selected === 0) yield { object: { kind, key }, path, message: 'selects no pod of any namespace' };
      }
    }
  },
};
