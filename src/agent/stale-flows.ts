import type { Conntrack } from '../kernel/conntrack/port.ts';
import type { ServicePortModel } from '../model/services/port.ts';

/**
 * Ends UDP flows that still go to an endpoint their Service no longer has: UDP has nobody who would notice and
 * connect again, so a client would keep sending to a pod that is gone. Flows to Services without endpoints are left:
 * there is nowhere else to send them (Kubernetes' conntrack clean-up does the same). TCP connections end by
 * themselves. Returns how many flows were ended.
 */
export function endStaleFlows(
  { conntrack, netns, nodeAddress }: { conntrack: Conntrack; netns: string; nodeAddress: string },
  ports: readonly ServicePortModel[],
): number {
  const serving = new Map<string, ReadonlySet<string>>();
  for (const { protocol, endpoints, clusterIPs, port, nodePort } of ports) {
    if (protocol !== 'UDP' || endpoints.length === 0) continue;
    const addresses = new Set(endpoints.map((endpoint) => `${endpoint.address} ${endpoint.port}`));
    for (const address of clusterIPs) serving.set(`${address} ${port}`, addresses);
    if (nodePort !== undefined) serving.set(`${nodeAddress} ${nodePort}`, addresses);
  }
  if (serving.size === 0) return 0;
  let ended = 0;
  for (const entry of conntrack.list(netns, 'ip')) {
    if (entry.protocol !== 'udp') continue;
    const endpoints = serving.get(`${entry.original.destination} ${entry.original.destinationPort}`);
    if (endpoints === undefined || endpoints.has(`${entry.reply.source} ${entry.reply.sourcePort}`)) continue;
    if (conntrack.delete(netns, entry)) ended += 1;
  }
  return ended;
}
