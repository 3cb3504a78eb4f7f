import { service } from '../examples.ts';
import type { LintRule } from '../rule.ts';

export const serviceSelectsNothing: LintRule = {
  id: 'WL011',
  name: 'service-selects-nothing',
  severity: 'warning',
  title: 'A Service selects no pod',
  why: 'Nobody is behind this Service: connections to its address are rejected. Mostly a label of the selector is mistyped, or the pods are in another namespace.',
  fix: "Write labels of the pods' template into the selector, and check metadata.namespace.",
  example: {
    wrong: `${service('web')}spec: { selector: { app: website }, ports: [{ port: 80, targetPort: 8080 }] }
`,
    right: `${service('web')}spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
`,
  },
  *check({ services }) {
    for (const { key, service, pods } of services) {
      if (pods === undefined || pods.length > 0) continue;
      yield {
        object: { kind: 'Service', key },
        path: 'spec.selector',
        message: `selects no pod of namespace ${service.metadata.namespace ?? 'default'}`,
      };
    }
  },
};
