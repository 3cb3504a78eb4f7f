import { familyOf, type Family } from '../../lib/address.ts';
import type { ServicePortModel } from '../../model/services/port.ts';
import { endsStaleFlows } from '../../model/services/stale.ts';
import { connectionsOf, type TrackedNode } from '../connections.ts';

/**
 * Ends flows that still go to an endpoint their Service no longer has. UDP has nobody who would notice and connect
 * again, so a client would keep sending to a pod that is gone; TCP connections end by themselves, unless their Service
 * asks for an end. Flows to Services without endpoints are left: there is nowhere else to send them (Kubernetes'
 * conntrack clean-up does the same). Returns how many flows were ended.
 *
 * The next segment of a TCP client comes to an endpoint that knows nothing of its connection, and resets it.
 */
export function endStaleFlows(
  node: Omit<TrackedNode, 'families'> & { readonly nodePortAddresses: readonly string[] },
  ports: readonly ServicePortModel[],
): number {
  const ending = ports.filter((port) => endsStaleFlows(port) && port.endpoints.length > 0);
  if (ending.length === 0) return 0;
  const serving = servingAt(ending, node.nodePortAddresses);
  const families: readonly Family[] = [...new Set(ending.map(({ family }) => family))];
  let ended = 0;
  for (const entry of connectionsOf({ ...node, families })) {
    const { original, reply } = entry;
    const endpoints = serving.get(`${entry.protocol} ${original.destination} ${original.destinationPort}`);
    if (endpoints === undefined || endpoints.has(`${reply.source} ${reply.sourcePort}`)) continue;
    if (node.conntrack.delete(node.netns, entry)) ended += 1;
  }
  return ended;
}

/**
 * Who serves what is sent to each `protocol address port`. Whichever the traffic policy: a flow that is served where it
 * goes stays there.
 */
function servingAt(
  ports: readonly ServicePortModel[],
  nodePortAddresses: readonly string[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const serving = new Map<string, ReadonlySet<string>>();
  for (const one of ports) {
    const endpoints = [...one.endpoints, ...one.draining];
    const addresses = new Set(endpoints.map(({ address, port }) => `${address} ${port}`));
    const protocol = one.protocol.toLowerCase();
    for (const address of [...one.clusterIPs, ...one.externalAddresses])
      serving.set(`${protocol} ${address} ${one.port}`, addresses);
    const doors = nodePortAddresses.filter((address) => familyOf(address) === one.family);
    for (const address of one.nodePort === undefined ? [] : doors)
      serving.set(`${protocol} ${address} ${one.nodePort}`, addresses);
  }
  return serving;
}
