import type { Node, Service } from '../../api/types/core.ts';
import type { L2Advertisement } from '../../api/types/load-balancer.ts';
import { hash32 } from '../../lib/hash.ts';
import type { ServicePortModel } from '../services/port.ts';
import { advertises, isFit, isHonoured, mayAnnounce, servesOutside } from './advertisements.ts';
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

/** The nodes that may answer for each address of a Service on layer 2, in no order. */
export function layer2Nodes(
  service: Service,
  ports: readonly ServicePortModel[],
  { pools, advertisements, nodes, link }: Layer2World,
): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  if (!wantsAddresses(service)) return found;
  for (const address of addressesGivenTo(service)) {
    const pool = poolOfAddress(pools, address);
    if (pool === undefined) continue;
    const scopes = advertisements
      .filter((advertisement) => isHonoured(advertisement) && isOnLink(advertisement, link))
      .map(({ spec = {} }) => spec)
      .filter((spec) => advertises(spec, pool, service));
    const names = nodes
      .filter((node) => isFit(node) && scopes.some((spec) => mayAnnounce(spec, node)))
      .map(({ metadata }) => metadata.name)
      .filter((name) => servesOutside(ports, address, name));
    if (scopes.length > 0) found.set(address, names);
  }
  return found;
}

/**
 * The nodes that may answer for each address, in the order in which they are to. A shared one is announced by nodes that
 * all its Services agree to.
 */
export function announcementOrders(
  services: Iterable<ReadonlyMap<string, readonly string[]>>,
): Map<string, readonly string[]> {
  const nodes = new Map<string, ReadonlySet<string>>();
  for (const addresses of services) {
    for (const [address, names] of addresses) {
      const known = nodes.get(address);
      nodes.set(address, known === undefined ? new Set(names) : known.intersection(new Set(names)));
    }
  }
  return new Map([...nodes].map(([address, names]) => [address, electionOrder(address, names)]));
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
 * The order in which nodes are to answer for an address: the first that lives does. It follows from the names alone, so
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

function isOnLink({ spec }: L2Advertisement, link: string): boolean {
  return spec?.interfaces === undefined || spec.interfaces.length === 0 || spec.interfaces.includes(link);
}
