import { service } from '../examples.ts';
import { endpointPortNumbers } from '../../../model/workloads/endpoint.ts';
import { namesOfPods } from '../facts.ts';
import type { LintRule } from '../rule.ts';

export const targetPortMissing: LintRule = {
  id: 'WL012',
  name: 'target-port-missing',
  severity: 'error',
  title: "A Service's targetPort is a name that no pod has",
  why: 'A targetPort that is a name is looked up in the containers of each pod that the Service selects. None of them has a port of this name and protocol: this port of the Service has no endpoints, and connections to it are rejected.',
  fix: 'Use the name that the container gives the port, with its protocol, or its number.',
  example: {
    wrong: `${service('web')}spec: { selector: { app: web }, ports: [{ port: 80, targetPort: web }] }
`,
    right: `${service('web')}spec: { selector: { app: web }, ports: [{ port: 80, targetPort: http }] }
`,
  },
  *check(facts) {
    for (const { key, service, pods = [] } of facts.services) {
      if (pods.length === 0) continue;
      const numbers = pods.map((pod) => numbersOf(facts.cluster.pods.get(pod)));
      for (const [index, { targetPort, protocol = 'TCP' }] of (service.spec.ports ?? []).entries()) {
        if (numbers.some((of) => of[index] !== undefined)) continue;
        yield {
          object: { kind: 'Service', key },
          path: `spec.ports[${index}].targetPort`,
          message: `none of ${namesOfPods(facts, pods)} has a ${protocol} port called ${targetPort}`,
        };
      }

      function numbersOf(pod: Parameters<typeof endpointPortNumbers>[1] | undefined): (number | undefined)[] {
        return pod === undefined ? [] : endpointPortNumbers(service, pod);
      }
    }
  },
};
