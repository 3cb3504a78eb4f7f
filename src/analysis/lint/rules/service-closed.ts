import { dbFromWeb, service } from '../examples.ts';
import { parseAddress } from '../../../lib/address.ts';
import { openPorts } from '../../../model/policy/open-ports.ts';
import { hasPort, type PortSet } from '../../../model/policy/port-set.ts';
import type { PolicyPeer } from '../../../model/policy/permits.ts';
import type { PolicyModel } from '../../../model/policy/port.ts';
import type { Pod } from '../../../api/types/core.ts';
import type { ServicePortModel } from '../../../model/services/port.ts';
import type { LintFacts } from '../facts.ts';
import type { LintRule } from '../rule.ts';

export const serviceClosed: LintRule = {
  id: 'WL014',
  name: 'service-closed',
  severity: 'warning',
  title: 'Policies let nobody reach a Service',
  why: 'The Service has endpoints, and the policies of the cluster let no other pod and no range of addresses reach any of them on this port. Whoever asks for it waits until time runs out.',
  fix: "Add an ingress rule for the clients to a policy of the Service's pods; look at the egress policies of the clients too.",
  example: {
    wrong: `${service('db')}spec: { selector: { app: db }, ports: [{ port: 5432 }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: deny }
spec: { podSelector: {} }
`,
    right: `${service('db')}spec: { selector: { app: db }, ports: [{ port: 5432 }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: deny }
spec: { podSelector: {} }
---
${dbFromWeb}`,
  },
  *check(facts) {
    for (const { key, service } of facts.services) {
      const told = new Set<number>();
      for (const port of facts.index.services.portsOf(key)) {
        const number = (service.spec.ports ?? []).findIndex(
          (one) => one.port === port.port && (one.protocol ?? 'TCP') === port.protocol,
        );
        if (told.has(number) || port.endpoints.length === 0 || !isClosedTo(facts, port)) continue;
        told.add(number);
        yield {
          object: { kind: 'Service', key },
          path: `spec.ports[${number}]`,
          message: `no pod and no address may reach an endpoint of ${port.protocol} ${port.port}`,
        };
      }
    }
  },
};

/** Nodes may always reach their own pods, and what comes by a node port may come from there. */
function isClosedTo(facts: LintFacts, port: ServicePortModel): boolean {
  if (port.nodePort !== undefined || port.externalAddresses.length > 0) return false;
  return port.endpoints.every(({ pod, port: number }) => {
    const isPod = pod !== undefined && facts.cluster.pods.has(pod);
    return isPod && !isReachable(facts, pod, { protocol: port.protocol, port: number });
  });
}

function isReachable(
  { cluster, index: { policies } }: LintFacts,
  pod: string,
  { protocol, port }: Pick<ServicePortModel, 'protocol' | 'port'>,
): boolean {
  const { ingress } = policies.policyOf(pod);
  const has = (ports: PortSet): boolean => hasPort(ports, protocol, port);
  if (has(ingress.anywhere) || ingress.ranges.some(({ ports }) => has(ports))) return true;
  const destination = peerOf(policies, pod, cluster.pods.get(pod));
  return [...cluster.pods].some(([key, other]) => {
    if (key === pod || other.spec.hostNetwork === true) return false;
    const source = peerOf(policies, key, other);
    return has(openPorts(ingress, source)) && has(openPorts(policies.policyOf(key).egress, destination));
  });
}

/** A pod as policies of others see it. Before it has an address, no range holds it. */
function peerOf(policies: PolicyModel, key: string, pod: Pod | undefined): PolicyPeer {
  const address = parseAddress(pod?.status?.podIP ?? '') ?? { family: 'IPv4', value: 0n };
  return { peerClass: policies.classOf(key), address };
}
