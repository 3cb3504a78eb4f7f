import { dbFromWeb, networkPolicy } from '../examples.ts';
import { namesOfPods } from '../facts.ts';
import { otherEndOf } from '../other-end.ts';
import type { LintRule } from '../rule.ts';

export const otherEndDenies: LintRule = {
  id: 'WL021',
  name: 'other-end-denies',
  severity: 'warning',
  title: 'A rule allows what the policies of the other end deny',
  why: 'A connection needs both ends: egress of whoever asks and ingress of whoever is asked. Everybody that this rule names is isolated at the other end, and nothing there lets the connection through, so that the rule has no effect.',
  fix: 'Add the rule that the other end lacks, or delete this one.',
  example: {
    wrong: `${dbFromWeb}---
${networkPolicy('web')}  podSelector: { matchLabels: { app: web } }
  policyTypes: [Egress]
`,
    right: dbFromWeb,
  },
  *check(facts) {
    for (const policy of facts.policies) {
      for (const rule of policy.rules) {
        const end = otherEndOf(facts, policy, rule);
        if (end.kind !== 'denied') continue;
        const verb = rule.direction === 'egress' ? 'let' : 'may reach';
        const who = namesOfPods(facts, end.pods);
        yield {
          object: { kind: 'NetworkPolicy', key: policy.key },
          path: rule.path,
          message:
            verb === 'let'
              ? `has no effect: no ingress rule of ${who} lets these pods in`
              : `has no effect: no egress rule of ${who} lets them out to these pods`,
        };
      }
    }
  },
};
