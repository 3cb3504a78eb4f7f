import type { Node, Service } from '../../api/types/core.ts';
import type { L2Advertisement, L2AdvertisementSpec } from '../../api/types/load-balancer.ts';
import { matchesSelector } from '../../api/selector.ts';
import { hash32 } from '../../lib/hash.ts';
import type { ServicePortModel } from '../services/port.ts';
import { advertises, isFit, isHonoured, mayAnnounce, servesOutside } from './advertisements.ts';
import { strayProblems, type Problem } from './bgp-peers.ts';
import { poolOfAddress, type Pool } from './pools.ts';
import { wantsAddresses } from './request.ts';
import { addressesGivenTo } from './status.ts';

export interface Layer2World {
  readonly pools: readonly Pool[];
  readonly advertisements: readonly L2Advertisement[];
  readonly nodes: readonly Node[];
  /** Name of the nodes' link on their segment. */
  readonly link: string;
}

/** How much each node is preferred, by name, of those that may answer for an address. */
export type Candidates = ReadonlyMap<string, number>;

/** The nodes that may answer for each address of a Service on layer 2, in no order. */
export function layer2Nodes(
  service: Service,
  ports: readonly ServicePortModel[],
  { pools, advertisements, nodes, link }: Layer2World,
): Map<string, Candidates> {
  const found = new Map<string, Candidates>();
  if (!wantsAddresses(service)) return found;
  for (const address of addressesGivenTo(service)) {
    const pool = poolOfAddress(pools, address);
    if (pool === undefined) continue;
    const specs = advertisements
      .filter((advertisement) => isHonoured(advertisement) && isOnLink(advertisement, link))
      .map(({ spec = {} }) => spec)
      .filter((spec) => advertises(spec, pool, service));
    const candidates = nodes
      .filter((node) => isFit(node) && servesOutside(ports, address, node.metadata.name))
      .flatMap((node): [string, number][] => {
        const own = specs.filter((spec) => mayAnnounce(spec, node));
        return own.length === 0 ? [] : [[node.metadata.name, preferenceFor(node, own)]];
      });
    if (specs.length > 0) found.set(address, new Map(candidates));
  }
  return found;
}

/** The weights of all that prefer a node add up, of those advertisements that let it announce. */
function preferenceFor({ metadata: { labels } }: Node, specs: readonly L2AdvertisementSpec[]): number {
  const all = specs.flatMap(({ preferredNodeSelectors = [] }) => preferredNodeSelectors);
  const own = all.filter(({ preference }) => matchesSelector(preference, labels));
  return own.reduce((sum, { weight }) => sum + weight, 0);
}

/**
 * The nodes that may answer for each address, in the order in which they are to. A shared one is announced by nodes that
 * all its Services agree to, and what they prefer adds up.
 */
export function announcementOrders(
  services: Iterable<ReadonlyMap<string, Candidates>>,
): Map<string, readonly string[]> {
  const found = new Map<string, Candidates>();
  for (const addresses of services) {
    for (const [address, candidates] of addresses) {
      const known = found.get(address);
      found.set(address, known === undefined ? candidates : bothOf(known, candidates));
    }
  }
  return new Map(
    [...found].map(([address, candidates]) => {
      const order = electionOrder(address, candidates.keys());
      const preference = (name: string): number => candidates.get(name) ?? 0;
      return [address, order.toSorted((a, b) => preference(b) - preference(a))];
    }),
  );
}

function bothOf(one: Candidates, other: Candidates): Candidates {
  const both = [...one].flatMap(([name, preference]): [string, number][] => {
    const more = other.get(name);
    return more === undefined ? [] : [[name, preference + more]];
  });
  return new Map(both);
}

/** The same for all Services of a cluster. */
export function announcingNodes(
  services: ReadonlyMap<string, Service>,
  portsOf: (key: string) => readonly ServicePortModel[],
  world: Layer2World,
): Map<string, readonly string[]> {
  return announcementOrders([...services].map(([key, service]) => layer2Nodes(service, portsOf(key), world)));
}

/**
 * The order in which nodes, none of them preferred, are to answer for an address: the first that lives does. It follows from the names alone, so
 * that nodes agree without a word; a node that comes or goes moves only the addresses that it gets or had.
 */
export function electionOrder(address: string, nodes: Iterable<string>): string[] {
  const ranked = [...nodes].map((node) => ({ node, rank: rankOf(address, node) }));
  ranked.sort((a, b) => b.rank - a.rank || (a.node < b.node ? -1 : 1));
  return ranked.map(({ node }) => node);
}

/** Names differ in little more than their last character: the bits are mixed once more (murmur3's finalizer). */
function rankOf(address: string, node: string): number {
  let value = hash32(`${node} ${address}`);
  value = Math.imul(value ^ (value >>> 16), 0x85eb_ca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2_ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

/** Advertisements that nobody follows, and why. */
export function layer2Problems(advertisements: Iterable<L2Advertisement>, link: string): Problem[] {
  const all = [...advertisements];
  const elsewhere = all.filter((object) => isHonoured(object) && !isOnLink(object, link));
  const why = `interfaces: nodes answer on ${link} only`;
  return [...strayProblems(all), ...elsewhere.map((object) => ({ object, why }))];
}

function isOnLink({ spec }: L2Advertisement, link: string): boolean {
  return spec?.interfaces === undefined || spec.interfaces.length === 0 || spec.interfaces.includes(link);
}
