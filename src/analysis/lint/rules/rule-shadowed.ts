import { dbFromWeb, networkPolicy } from '../examples.ts';
import { coveringRule } from '../covers.ts';
import type { LintRule } from '../rule.ts';

export const ruleShadowed: LintRule = {
  id: 'WL018',
  name: 'rule-shadowed',
  severity: 'warning',
  title: 'Another rule allows everything that this one does',
  why: 'Rules only ever add to what is allowed, in any order. Another rule that holds for the same pods names the same peers and ports, or more of them, whatever pods there are: this one changes nothing. If it was to narrow the other one down, it does not.',
  fix: 'Delete this rule, or the wider one if that was not meant.',
  example: {
    wrong: `${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  ingress:
    - ports: [{ port: 5432 }]
    - from:
        - podSelector: { matchLabels: { app: web } }
      ports: [{ port: 5432 }]
`,
    right: dbFromWeb,
  },
  needsNoPods: true,
  *check({ policies }) {
    for (const policy of policies) {
      for (const rule of policy.rules) {
        const other = coveringRule(policies, policy, rule);
        if (other === undefined) continue;
        const name = other.policy === policy.key ? '' : ` of NetworkPolicy ${other.policy}`;
        yield {
          object: { kind: 'NetworkPolicy', key: policy.key },
          path: rule.path,
          message: `adds nothing: ${other.rule}${name} allows all of it`,
        };
      }
    }
  },
};
