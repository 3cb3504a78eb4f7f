import type { ClusterPolicyFacts, ClusterRuleFacts } from '../cluster-policy-facts.ts';
import { decidesAllOf, nameOfRule, orderedRules, type OrderedRule } from '../decided-before.ts';
import { clusterPolicy } from '../examples.ts';
import type { LintFacts } from '../facts.ts';
import type { LintRule } from '../rule.ts';

const web = '{ pods: { podSelector: { matchLabels: { app: web } } } }';
const accept = `    - { action: Accept, from: [${web}] }
`;
const deny = `    - { action: Deny, from: [{ namespaces: {} }] }
`;

export const tierRuleShadowed: LintRule = {
  id: 'WL029',
  name: 'tier-rule-shadowed',
  severity: 'warning',
  title: 'A rule of a tier is never asked: one before it decides about all of it',
  why: 'In a tier the first rule that matches decides, by priority and then from the top; what tier Admin accepts or denies, tier Baseline is not asked about. A rule that comes before this one holds for the same pods, peers and ports, or more of them, so that this one never decides anything.',
  fix: 'Put the narrower rule first, by its place in the policy or by a lower priority, or delete it.',
  example: {
    wrong: `${clusterPolicy('web-only', 10)}  ingress:
${deny}${accept}`,
    right: `${clusterPolicy('web-only', 10)}  ingress:
${accept}${deny}`,
  },
  needsNoPods: true,
  *check(facts) {
    for (const policy of facts.clusterPolicies) {
      for (const rule of policy.rules) {
        const other = ruleBefore(facts, policy, rule);
        if (other === undefined) continue;
        const { action } = other.rule.compiled;
        const name = other.policy === policy ? other.rule.path : nameOfRule(other);
        yield {
          object: { kind: policy.kind, key: policy.key },
          path: rule.path,
          message: `is never asked: ${name} (${action}) comes first and matches all of it`,
        };
      }
    }
  },
};

function ruleBefore(
  { clusterPolicies }: LintFacts,
  policy: ClusterPolicyFacts,
  rule: ClusterRuleFacts,
): OrderedRule | undefined {
  const { subject, tier } = policy.compiled;
  const asked = { subject, direction: rule.direction, rule: rule.compiled };
  const ofTier = orderedRules(clusterPolicies, tier === 'Admin' ? 'Admin' : 'Baseline');
  const at = ofTier.findIndex((one) => one.rule === rule);
  // A policy in audit mode stands before and behind nobody who is enforced.
  const before = at < 0 ? [] : ofTier.slice(0, at);
  const inTier = decidesAllOf(before, asked, () => true);
  if (inTier !== undefined || tier === 'Admin') return inTier;
  // What is passed on reaches the last tier.
  const admin = decidesAllOf(orderedRules(clusterPolicies, 'Admin'), asked, (action) => action !== 'Pass');
  return admin?.rule.compiled.action === 'Pass' ? undefined : admin;
}
