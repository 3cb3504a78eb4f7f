import { baselinePolicy } from '../examples.ts';
import type { LintRule } from '../rule.ts';

const example = (action: string): string => `${baselinePolicy('default')}  ingress:
    - { action: ${action}, from: [{ pods: { podSelector: { matchLabels: { app: web } } } }] }
    - { action: Deny, from: [{ namespaces: {} }] }
`;

export const passInLastTier: LintRule = {
  id: 'WL031',
  name: 'pass-in-last-tier',
  severity: 'warning',
  title: 'A rule of the last tier passes on, and nobody is asked after it',
  why: 'Pass leaves the decision to the next tier. Behind Baseline there is none, and what no tier decides is open: the rule accepts, and the rules below it in the tier are not asked.',
  fix: 'Write Accept if that is meant; delete the rule if the ones below it are to decide.',
  example: { wrong: example('Pass'), right: example('Accept') },
  needsNoPods: true,
  *check({ clusterPolicies }) {
    for (const { kind, key, compiled, rules } of clusterPolicies) {
      if (compiled.tier !== 'Baseline') continue;
      for (const { path, compiled: rule } of rules) {
        if (rule.action !== 'Pass') continue;
        const message = 'passes on to nobody: what it matches is open, as with Accept';
        yield { object: { kind, key }, path: `${path}.action`, message };
      }
    }
  },
};
