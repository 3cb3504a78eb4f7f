import { numbersOf } from '../../model/fabric/network/numbers.ts';
import type { NetworkInterface, NetworkWorld } from '../../model/fabric/network/world.ts';

/**
 * What a packet's mark says in the namespace that forwards between virtual networks: by which routes the interface it
 * came from looks up, and in which network it is delivered.
 *
 *      31   30           16 15              0
 *     +----+---------------+-----------------+
 *     | ok |    routes     |     network     |
 *     +----+---------------+-----------------+
 *
 * `ok` (`arrivedMark`): nobody judges it, and its routes lead to whoever has the address it is for, or nowhere.
 */
export interface NetworkMarks {
  /** Of an interface's packets. */
  ofInterface(one: NetworkInterface): number;
  ofSite(site: string): number;
  /** The routes' part alone, by their key. */
  routes(key: string): number;
  /** The lower half alone: delivery in a network, or to what a site reaches. */
  network(name: string): number;
}

export const arrivedMark = 0x8000_0000;
export const routesMask = 0x7fff_0000;
export const networkMask = 0xffff;

/** Routing tables, by what is in them; behind the numbers that people use. */
export const tableOf = {
  /** `part`: a mark's part for routes. */
  routes: (part: number): number => 0x1_0000 + (part >>> 16),
  delivery: (part: number): number => 0x2_0000 + part,
  domain: (part: number): number => 0x3_0000 + (part >>> 16),
} as const;

/** Interfaces with the same key have the same routes. */
export function routesKey({ network, subnet, domain }: NetworkInterface): string {
  return domain === undefined ? `${network}/${subnet}` : `${network}/${subnet}@${domain.name}`;
}

export const siteKey = (site: string): string => `site:${site}`;

export function marksOf(world: NetworkWorld): NetworkMarks {
  const sites = world.sites.map(({ metadata }) => siteKey(metadata.name));
  const routes = numbersOf([...world.interfaces.map(routesKey), ...sites], { from: 1, count: 0x7ffe });
  const networks = numbersOf([...world.networks.keys(), ...sites], { from: 1, count: 0xfffe });
  const routesOf = (key: string): number => (routes.get(key) ?? 0) * 0x1_0000;
  const networkOf = (name: string): number => networks.get(name) ?? 0;
  return {
    ofInterface: (one) => routesOf(routesKey(one)) + networkOf(one.network),
    ofSite: (site) => routesOf(siteKey(site)) + networkOf(siteKey(site)),
    routes: routesOf,
    network: networkOf,
  };
}
