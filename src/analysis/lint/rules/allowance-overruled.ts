import { decidesAllOf, nameOfRule, orderedRules } from '../decided-before.ts';
import { clusterPolicy, dbFromWeb } from '../examples.ts';
import type { LintRule } from '../rule.ts';

const web = '{ pods: { podSelector: { matchLabels: { app: web } } } }';
const denyTo = (port: number): string => `${clusterPolicy('no-database', 10)}  ingress:
    - { action: Deny, from: [${web}], protocols: [{ tcp: { destinationPort: { number: ${port} } } }] }
---
`;

export const allowanceOverruled: LintRule = {
  id: 'WL030',
  name: 'allowance-overruled',
  severity: 'error',
  title: 'A NetworkPolicy allows what tier Admin denies',
  why: 'Tier Admin is asked before NetworkPolicies, and what it denies they cannot allow. A rule of that tier denies all that this rule is to allow, so that the connections it is for do not come about.',
  fix: 'Ask whoever keeps the cluster-wide policy for an exception before it (Accept, or Pass to leave it to NetworkPolicies), or delete this rule.',
  example: { wrong: `${denyTo(5432)}${dbFromWeb}`, right: `${denyTo(5433)}${dbFromWeb}` },
  needsNoPods: true,
  *check({ policies, clusterPolicies }) {
    const admin = orderedRules(clusterPolicies, 'Admin');
    for (const { key, compiled, rules } of policies) {
      for (const rule of rules) {
        const asked = { subject: compiled.subject, direction: rule.direction, rule: rule.compiled };
        const other = decidesAllOf(admin, asked, (action) => action === 'Deny');
        if (other?.rule.compiled.action !== 'Deny') continue;
        yield {
          object: { kind: 'NetworkPolicy', key },
          path: rule.path,
          message: `allows nothing: ${nameOfRule(other)} denies all of it before`,
        };
      }
    }
  },
};
