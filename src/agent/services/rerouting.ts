import { endsStaleFlows } from '../../model/services/stale.ts';
import type { ServiceEndpoint, ServicePortModel } from '../../model/services/port.ts';

/**
 * Which Services send elsewhere what they sent to an endpoint before. Only those can have flows to somebody who no longer
 * serves them, and to find flows costs a look at every connection of every node.
 */
export interface Rerouting {
  /** Replaces what the Service sends to. Whether it may have flows to somebody else that are to end. */
  set(service: string, ports: readonly ServicePortModel[]): boolean;
}

export function createRerouting(): Rerouting {
  /** Of ports whose flows are ended alone. */
  const byService = new Map<string, readonly ServicePortModel[]>();
  return {
    set(service, ports) {
      const after = ports.filter(endsStaleFlows);
      const before = byService.get(service) ?? [];
      if (after.length === 0) byService.delete(service);
      else byService.set(service, after);
      return after.some((port) => !takesOver(port, before));
    },
  };
}

/** Whether all that was ever sent to its addresses goes to endpoints that it has now. */
function takesOver(port: ServicePortModel, before: readonly ServicePortModel[]): boolean {
  const old = before.find(({ key }) => key === port.key);
  // What there was before the first endpoint is not known: it may have had others, or a Service before it its address.
  if (old === undefined || old.endpoints.length === 0 || old.nodePort !== port.nodePort) return false;
  const addresses = new Set(addressesOf(old));
  if (!addressesOf(port).every((address) => addresses.has(address))) return false;
  const now = new Set(servedBy(port).map(idOf));
  return servedBy(old).every((endpoint) => now.has(idOf(endpoint)));
}

const addressesOf = ({ clusterIPs, externalAddresses }: ServicePortModel): string[] => [
  ...clusterIPs,
  ...externalAddresses,
];
const servedBy = ({ endpoints, draining }: ServicePortModel): ServiceEndpoint[] => [
  ...endpoints,
  ...draining,
];

const idOf = ({ address, port }: ServiceEndpoint): string => `${address} ${port}`;
