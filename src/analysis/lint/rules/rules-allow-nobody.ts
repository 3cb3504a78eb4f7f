import { dbFromWeb, networkPolicy } from '../examples.ts';
import type { Direction } from '../../../model/policy/compile.ts';
import { namesOfPods, type LintFacts } from '../facts.ts';
import type { PolicyFacts } from '../policy-facts.ts';
import type { LintRule } from '../rule.ts';
import { isClosed } from '../rule-meaning.ts';

export const rulesAllowNobody: LintRule = {
  id: 'WL004',
  name: 'rules-allow-nobody',
  severity: 'error',
  title: 'A policy has rules, and its pods can talk to nobody',
  why: 'The policy isolates its pods, and not one of its rules lets anybody through: their peers select nothing, or their ports are names that no pod has. No other policy opens anything either. Unlike a policy without any rule, which denies on purpose, this one was meant to allow something.',
  fix: 'Correct the peers and ports of the rules; write no rules at all where everything is to be denied.',
  example: {
    wrong: `${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  ingress:
    - from:
        - podSelector: { matchLabels: { app: webb } }
      ports: [{ port: 5432 }]
`,
    right: dbFromWeb,
  },
  *check(facts) {
    for (const policy of facts.policies) {
      for (const direction of ['ingress', 'egress'] as const) {
        if (!isMeantToOpen(facts, policy, direction)) continue;
        yield {
          object: { kind: 'NetworkPolicy', key: policy.key },
          path: `spec.${direction}`,
          message: `no rule lets anybody through: ${namesOfPods(facts, policy.subjects)} ${verbs[direction]}`,
        };
      }
    }
  },
};

const verbs = {
  ingress: 'can be reached by nobody',
  egress: 'can reach nobody',
} as const satisfies Record<Direction, string>;

/** It has rules for the direction, and still every pod of it is closed. */
function isMeantToOpen({ index }: LintFacts, policy: PolicyFacts, direction: Direction): boolean {
  const { subjects, rules } = policy;
  if (subjects.length === 0 || !rules.some((rule) => rule.direction === direction)) return false;
  return subjects.every((pod) => isClosed(index.policies.policyOf(pod)[direction]));
}
