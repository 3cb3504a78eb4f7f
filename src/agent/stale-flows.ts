import { inFamily, type Family } from '../lib/address.ts';
import type { ServicePortModel } from '../model/services/port.ts';
import { connectionsOf, type TrackedNode } from './connections.ts';

/**
 * Ends UDP flows that still go to an endpoint their Service no longer has: UDP has nobody who would notice and
 * connect again, so a client would keep sending to a pod that is gone. Flows to Services without endpoints are left:
 * there is nowhere else to send them (Kubernetes' conntrack clean-up does the same). TCP connections end by
 * themselves. Returns how many flows were ended.
 */
export function endStaleFlows(
  { nodeAddresses, ...node }: Omit<TrackedNode, 'families'> & { readonly nodeAddresses: readonly string[] },
  ports: readonly ServicePortModel[],
): number {
  const serving = new Map<string, ReadonlySet<string>>();
  const families = new Set<Family>();
  for (const one of ports) {
    const { protocol, family, endpoints, port, nodePort } = one;
    if (protocol !== 'UDP' || endpoints.length === 0) continue;
    // Whichever the traffic policy: a flow that is served where it goes stays there.
    const all = [...endpoints, ...one.draining];
    const addresses = new Set(all.map((endpoint) => `${endpoint.address} ${endpoint.port}`));
    for (const address of [...one.clusterIPs, ...one.externalAddresses])
      serving.set(`${address} ${port}`, addresses);
    const nodeAddress = inFamily(nodeAddresses, family);
    if (nodePort !== undefined) serving.set(`${nodeAddress} ${nodePort}`, addresses);
    families.add(family);
  }
  if (serving.size === 0) return 0;
  let ended = 0;
  for (const entry of connectionsOf({ ...node, families: [...families] })) {
    if (entry.protocol !== 'udp') continue;
    const endpoints = serving.get(`${entry.original.destination} ${entry.original.destinationPort}`);
    if (endpoints === undefined || endpoints.has(`${entry.reply.source} ${entry.reply.sourcePort}`)) continue;
    if (node.conntrack.delete(node.netns, entry)) ended += 1;
  }
  return ended;
}
