import { securityGroup } from '../examples.ts';
import type { LintRule } from '../rule.ts';
import { ruleBefore } from '../security-cover.ts';

export const securityRuleShadowed: LintRule = {
  id: 'WL041',
  name: 'security-rule-shadowed',
  severity: 'warning',
  title: 'A rule of a security group is never asked: one before it decides about all of it',
  why: 'The rule with the lowest priority number that matches a flow decides, and no other is asked. One with a lower number than this matches everything that this one does, so that this one does nothing, whatever it says.',
  fix: 'Give the narrower rule the lower number, or delete it.',
  example: {
    wrong: securityGroup({ web: 200, rest: 100 }),
    right: securityGroup({ web: 100, rest: 200 }),
  },
  needsNoPods: true,
  *check({ networks }) {
    for (const { metadata, spec } of networks.groups) {
      const rules = spec.rules ?? [];
      for (const [index, rule] of rules.entries()) {
        const before = ruleBefore(rules, rule);
        if (before === undefined) continue;
        const verb = before.access === 'Allow' ? 'allows' : 'denies';
        yield {
          object: { kind: 'NetworkSecurityGroup', key: metadata.name },
          path: `spec.rules[${index}]`,
          message: `rule ${rule.name} (${rule.priority}) is never asked: ${before.name} (${before.priority}) ${verb} all that it is about`,
        };
      }
    }
  },
};
