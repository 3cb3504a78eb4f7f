import { service } from '../examples.ts';
import { declaredPorts } from '../../predict/listening.ts';
import { namesOfPods } from '../facts.ts';
import type { LintRule } from '../rule.ts';

export const targetPortNotDeclared: LintRule = {
  id: 'WL013',
  name: 'target-port-not-declared',
  severity: 'warning',
  title: "A Service's targetPort is one that no pod declares",
  why: 'The pods behind the Service declare ports, and none of them this one: connections arrive where most likely nobody listens, and are refused. Without a targetPort it is the same as the port, which is a frequent reason.',
  fix: "Set targetPort to the container's port, or declare the port in the container if the program does listen on it.",
  example: {
    wrong: `${service('web')}spec: { selector: { app: web }, ports: [{ port: 80 }] }
`,
    right: `${service('web')}spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
`,
  },
  *check(facts) {
    for (const { key, service, pods = [] } of facts.services) {
      const declared = pods.flatMap((pod) => {
        const found = facts.cluster.pods.get(pod);
        return found === undefined ? [] : [declaredPorts(found)];
      });
      if (declared.length === 0 || declared.some((ports) => ports.length === 0)) continue;
      for (const [index, { port, targetPort = port, protocol = 'TCP' }] of (
        service.spec.ports ?? []
      ).entries()) {
        if (typeof targetPort !== 'number') continue;
        const isHeard = declared.flat().some((one) => one.port === targetPort && one.protocol === protocol);
        if (isHeard) continue;
        yield {
          object: { kind: 'Service', key },
          path: `spec.ports[${index}]`,
          message: `leads to ${protocol} ${targetPort}, which none of ${namesOfPods(facts, pods)} declares`,
        };
      }
    }
  },
};
