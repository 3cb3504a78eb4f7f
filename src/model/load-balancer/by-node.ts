import type { Node, Service } from '../../api/types/core.ts';
import type { IPAddressPool, L2Advertisement } from '../../api/types/load-balancer.ts';
import type { EndpointSlice } from '../../api/types/network.ts';
import { keyOf } from '../../api/resources.ts';
import { nodeLink } from '../network/topology.ts';
import { servicePortsOf } from '../services/service-ports.ts';
import { announcingNodes } from './layer2.ts';
import { poolsOf } from './pools.ts';
import { wantsAddresses } from './request.ts';

/** What decides to whom load balancers' addresses lead. */
export interface BalancingObjects {
  readonly services: Iterable<Service>;
  readonly slicesOf: (service: string) => Iterable<EndpointSlice>;
  readonly pools: Iterable<IPAddressPool>;
  readonly advertisements: Iterable<L2Advertisement>;
  readonly nodes: Iterable<Node>;
}

/**
 * The addresses that a virtual network hands to each node, by its name: those that it would answer for on a segment. So one
 * node has an address at a time, one that is fit and, with externalTrafficPolicy Local, has endpoints.
 */
export function addressesByNode(objects: BalancingObjects): Map<string, string[]> {
  const balanced = [...objects.services].filter(wantsAddresses);
  const services = new Map(balanced.map((service) => [keyOf(service), service]));
  const { pools } = poolsOf(objects.pools);
  const portsOf = (key: string) => {
    const service = services.get(key);
    return service === undefined ? [] : servicePortsOf(service, objects.slicesOf(key), { pools });
  };
  const orders = announcingNodes(services, portsOf, {
    pools,
    advertisements: [...objects.advertisements],
    nodes: [...objects.nodes],
    link: nodeLink,
  });
  const found = new Map<string, string[]>();
  for (const [address, [first]] of [...orders].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (first !== undefined) found.set(first, [...(found.get(first) ?? []), address]);
  }
  return found;
}
