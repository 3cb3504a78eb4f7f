import { networkPolicy } from '../examples.ts';
import { coveringRule } from '../covers.ts';
import { redundantIn } from '../redundancy.ts';
import type { LintRule } from '../rule.ts';

export const ruleRedundant: LintRule = {
  id: 'WL019',
  name: 'rule-redundant',
  severity: 'info',
  title: 'With the pods that there are, other rules allow everything that this one does',
  why: 'Without this rule exactly the same connections would be possible: several other rules together, or one with other selectors, allow all of them. It may begin to matter when pods come that have other labels. All rules that are told as redundant can be deleted together.',
  fix: 'Delete the rule, or the policy, unless it is meant for pods that are yet to come.',
  example: {
    wrong: `${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  ingress:
    - from:
        - podSelector: {}
      ports: [{ port: 5432 }]
    - from:
        - podSelector: { matchLabels: { app: web } }
      ports: [{ port: 5432 }]
`,
    right: `${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  ingress:
    - from:
        - podSelector: {}
      ports: [{ port: 5432 }]
`,
  },
  *check(facts) {
    const isShadowed = new Set(
      facts.policies.flatMap((policy) =>
        policy.rules
          .filter((rule) => coveringRule(facts.policies, policy, rule) !== undefined)
          .map(({ path }) => `${policy.key} ${path}`),
      ),
    );
    for (const { policy, rule } of redundantIn(facts, isShadowed)) {
      const object = { kind: 'NetworkPolicy', key: policy } as const;
      yield rule === undefined
        ? {
            object,
            path: 'spec',
            message: 'adds nothing: other policies isolate its pods and allow all of it',
          }
        : {
            object,
            path: rule,
            message: 'adds nothing: other rules allow all of it to the pods that there are',
          };
    }
  },
};
