import { dbFromWeb, networkPolicy } from '../examples.ts';
import type { LintRule } from '../rule.ts';

export const peerSelectsNothing: LintRule = {
  id: 'WL002',
  name: 'peer-selects-nothing',
  severity: 'warning',
  title: 'A peer selects no pod',
  why: 'The namespaces that this peer looks into are there, but none of their pods has such labels: the peer lets nobody through. A podSelector without a namespaceSelector looks into the namespace of the policy alone, which is a frequent reason.',
  fix: 'Correct the labels, add a namespaceSelector beside the podSelector in the same peer, or delete the peer.',
  example: {
    wrong: `${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  ingress:
    - from:
        - podSelector: { matchLabels: { app: web } }
        - podSelector: { matchLabels: { app: backup } }
      ports: [{ port: 5432 }]
`,
    right: dbFromWeb,
  },
  *check({ policies }) {
    for (const { key, subjects, rules } of policies) {
      if (subjects.length === 0) continue;
      for (const { path, selected } of rules.flatMap(({ peers }) => peers)) {
        if (selected === undefined || selected.namespaces.length === 0) continue;
        if (selected.pods.length + selected.hostPods.length > 0) continue;
        const [first, ...others] = selected.namespaces;
        const where = others.length === 0 ? `namespace ${first}` : `${others.length + 1} namespaces`;
        yield {
          object: { kind: 'NetworkPolicy', key },
          path,
          message: `selects no pod of ${where}`,
        };
      }
    }
  },
};
