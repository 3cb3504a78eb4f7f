import type { VirtualNetwork } from '../../../api/types/fabric.ts';
import { numbersOf } from './numbers.ts';
import { networksOfSite, peersOf, type NetworkWorld } from './world.ts';

/** As many as connection tracking has, besides the one that everything is in. */
const zones = { from: 1, count: 0xfffe };

/**
 * A number for each network, by its name: the same for those that reach each other, however many peers are between. Only
 * addresses of different numbers may be equal.
 */
export function zonesOf(world: NetworkWorld): Map<string, number> {
  const leaders = new Map<string, string>();
  const visit = (name: string, leader: string): void => {
    if (leaders.has(name)) return;
    leaders.set(name, leader);
    for (const next of neighboursOf(world, name)) visit(next, leader);
  };
  for (const name of world.networks.keys()) visit(name, name);
  const numbers = numbersOf(leaders.values(), zones);
  return new Map([...leaders].map(([name, leader]) => [name, numbers.get(leader) ?? 0]));
}

/** Those of networks with service endpoints: by these, private addresses ask public services. */
export function directZones(world: NetworkWorld): Set<number> {
  const zones = zonesOf(world);
  const hasEndpoints = ({ spec }: VirtualNetwork): boolean =>
    spec.subnets?.some(({ serviceEndpoints = [] }) => serviceEndpoints.length > 0) ?? false;
  return new Set(
    [...world.networks].flatMap(([name, network]) => (hasEndpoints(network) ? [zones.get(name) ?? 0] : [])),
  );
}

/** What packets pass to without an appliance: peers, and what the same site reaches. */
function neighboursOf(world: NetworkWorld, name: string): string[] {
  const shared = world.sites.map((site) => networksOfSite(world, site)).filter((all) => all.includes(name));
  return [...peersOf(world, name), ...shared.flat()];
}
