import { networkPolicy } from '../examples.ts';
import type { LintRule } from '../rule.ts';

export const emptyListAllowsAll: LintRule = {
  id: 'WL023',
  name: 'empty-list-allows-all',
  severity: 'warning',
  title: 'An empty list of peers or ports allows all of them',
  why: 'An empty list in a rule means the same as none: every peer, or every port. Who writes an empty list mostly means nobody; templates write one when they have nothing to put into it.',
  fix: 'Delete the rule where nobody is meant. Leave the field out where everybody is.',
  example: {
    wrong: `${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  ingress:
    - from: []
      ports: [{ port: 5432 }]
`,
    right: `${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  ingress: []
`,
  },
  needsNoPods: true,
  *check({ policies }) {
    for (const { key, policy } of policies) {
      const { ingress = [], egress = [] } = policy.spec;
      const lists = [
        ...ingress.flatMap(({ from, ports }, index) => [
          { list: from, path: `spec.ingress[${index}].from`, all: 'everybody' },
          { list: ports, path: `spec.ingress[${index}].ports`, all: 'every port' },
        ]),
        ...egress.flatMap(({ to, ports }, index) => [
          { list: to, path: `spec.egress[${index}].to`, all: 'everybody' },
          { list: ports, path: `spec.egress[${index}].ports`, all: 'every port' },
        ]),
      ];
      for (const { list, path, all } of lists) {
        if (list === undefined || list.length > 0) continue;
        yield {
          object: { kind: 'NetworkPolicy', key },
          path,
          message: `is an empty list, which means ${all}`,
        };
      }
    }
  },
};
