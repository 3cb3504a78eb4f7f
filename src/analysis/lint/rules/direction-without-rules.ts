import { networkPolicy } from '../examples.ts';
import { namesOfPods } from '../facts.ts';
import type { LintRule } from '../rule.ts';
import { isClosed } from '../rule-meaning.ts';

export const directionWithoutRules: LintRule = {
  id: 'WL005',
  name: 'direction-without-rules',
  severity: 'warning',
  title: 'A policy isolates in a direction for which it has no rules',
  why: 'A direction that policyTypes lists is denied unless rules allow it. This policy has rules for one direction only and lists both, so that everything is denied in the other, name resolution included, and no other policy opens it.',
  fix: 'Remove the direction from policyTypes, or add its rules. Write `egress: []` or `ingress: []` where denying everything is meant.',
  example: {
    wrong: `${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        - podSelector: { matchLabels: { app: web } }
      ports: [{ port: 5432 }]
`,
    right: `${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        - podSelector: { matchLabels: { app: web } }
      ports: [{ port: 5432 }]
  egress: []
`,
  },
  *check(facts) {
    for (const { key, policy, compiled, subjects, rules } of facts.policies) {
      for (const direction of ['ingress', 'egress'] as const) {
        const isIsolating = compiled[direction] !== undefined && policy.spec[direction] === undefined;
        if (!isIsolating || rules.length === 0 || subjects.length === 0) continue;
        const closed = subjects.filter((pod) => isClosed(facts.index.policies.policyOf(pod)[direction]));
        if (closed.length === 0) continue;
        yield {
          object: { kind: 'NetworkPolicy', key },
          path: 'spec.policyTypes',
          message: `denies all ${direction} of ${namesOfPods(facts, closed)}: it is listed and has no rules`,
        };
      }
    }
  },
};
