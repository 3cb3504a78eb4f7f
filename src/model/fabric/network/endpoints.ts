import { publicLoadBalancers } from '../../network/lab-addresses.ts';
import { isWithin } from './next-hop.ts';
import { subnetOf, type NetworkInterface, type NetworkWorld } from './world.ts';

/** What an interface asks public services from by the service endpoints of its subnet; none where that has none. */
export function endpointPrefixes(world: NetworkWorld, one: NetworkInterface): readonly string[] {
  const endpoints = subnetOf(world, one.network, one.subnet)?.serviceEndpoints ?? [];
  if (endpoints.length === 0) return [];
  // Nobody asks from a load balancer's public address.
  const pods = one.assigned.filter((prefix) => !isWithin([publicLoadBalancers], prefix.split('/')[0] ?? ''));
  return [...one.addresses.map((address) => `${address}/32`), ...pods];
}
