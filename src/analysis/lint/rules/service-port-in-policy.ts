import { networkPolicy, service } from '../examples.ts';
import { servicePortBehind, unheardPorts } from '../unheard-ports.ts';
import type { LintRule } from '../rule.ts';

export const servicePortInPolicy: LintRule = {
  id: 'WL009',
  name: 'service-port-in-policy',
  severity: 'error',
  title: "A policy opens a Service's port instead of the pod's",
  why: "A Service's address and port are translated before policies are asked, on the way out as well as on the way in: they see the address and the port of the pod that was chosen. This rule opens the port that clients ask the Service for, on which none of the pods listens, and not the one that it leads to.",
  fix: "Write the Service's targetPort: the container's port, by number or by name.",
  example: {
    wrong: `${service('web')}spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
---
${networkPolicy('web')}  podSelector: { matchLabels: { app: web } }
  ingress:
    - ports: [{ port: 80 }, { port: 8080 }]
`,
    right: `${service('web')}spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
---
${networkPolicy('web')}  podSelector: { matchLabels: { app: web } }
  ingress:
    - ports: [{ port: 8080 }]
`,
  },
  *check(facts) {
    for (const unheard of unheardPorts(facts)) {
      const found = servicePortBehind(facts, unheard);
      if (found === undefined) continue;
      const { policy, path, protocol, port } = unheard;
      yield {
        object: { kind: 'NetworkPolicy', key: policy },
        path: `${path}.port`,
        message: `${protocol} ${port} is a port of Service ${found.service}; policies see the port of its pods, ${found.targetPort}`,
      };
    }
  },
};
