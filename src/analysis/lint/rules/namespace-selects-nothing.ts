import { networkPolicy } from '../examples.ts';
import type { LintRule } from '../rule.ts';

export const namespaceSelectsNothing: LintRule = {
  id: 'WL003',
  name: 'namespace-selects-nothing',
  severity: 'warning',
  title: 'A namespaceSelector selects no namespace',
  why: 'None of the namespaces that there are has these labels, so the peer lets nobody through. Namespaces have the label kubernetes.io/metadata.name with their name; other labels have to be given to them, and are forgotten easily. The namespace may also be one that these manifests do not hold.',
  fix: 'Use the label kubernetes.io/metadata.name, label the Namespace, or give its manifest too.',
  example: {
    wrong: `${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  ingress:
    - from:
        - podSelector: { matchLabels: { app: web } }
        - namespaceSelector: { matchLabels: { name: monitoring } }
      ports: [{ port: 5432 }]
`,
    right: `apiVersion: v1
kind: Namespace
metadata: { name: monitoring }
---
apiVersion: v1
kind: Pod
metadata: { name: scraper, namespace: monitoring }
spec: { containers: [{ name: scraper, image: scraper }] }
---
${networkPolicy('db')}  podSelector: { matchLabels: { app: db } }
  ingress:
    - from:
        - podSelector: { matchLabels: { app: web } }
      ports: [{ port: 5432 }]
    - from:
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: monitoring } }
      ports: [{ port: 5432 }]
`,
  },
  *check({ policies }) {
    for (const { key, rules } of policies) {
      for (const { path, selected } of rules.flatMap(({ peers }) => peers)) {
        if (selected === undefined || selected.namespaces.length > 0) continue;
        yield {
          object: { kind: 'NetworkPolicy', key },
          path: `${path}.namespaceSelector`,
          message: 'selects no namespace that there is',
        };
      }
    }
  },
};
