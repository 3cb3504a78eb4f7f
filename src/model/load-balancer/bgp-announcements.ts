import type { Node, Service } from '../../api/types/core.ts';
import type { BGPAdvertisement, Community } from '../../api/types/load-balancer.ts';
import { parseAddress, type Address } from '../../lib/address.ts';
import { formatPrefix, prefixOf, rangeOf, type Prefix } from '../../lib/prefix.ts';
import type { ServicePortModel } from '../services/port.ts';
import { advertises, isFit, isHonoured, mayAnnounce, servesOutside } from './advertisements.ts';
import { speaksWith, strayProblems, type Peer, type Problem } from './bgp-peers.ts';
import { poolOfAddress, type Pool } from './pools.ts';
import { addressesGivenTo } from './status.ts';

export interface BgpWorld {
  readonly services: Iterable<{ readonly service: Service; readonly ports: readonly ServicePortModel[] }>;
  readonly pools: readonly Pool[];
  readonly advertisements: Iterable<BGPAdvertisement>;
  readonly communities: Iterable<Community>;
}

/** A prefix that nodes tell peers of, for an address of a Service. */
export interface Announcement {
  readonly prefix: string;
  /** The Service's address, which the prefix covers, and its ports. */
  readonly address: string;
  readonly ports: readonly ServicePortModel[];
  readonly attributes: Attributes;
  /** Names of the peers that are told; all when empty. */
  readonly peers: readonly string[];
  readonly advertisement: BGPAdvertisement;
}

export interface Attributes {
  /** `64500:100` */
  readonly communities: readonly string[];
  /** `64500:1:2` */
  readonly largeCommunities: readonly string[];
  readonly localPref?: number;
}

/** What advertisements say of the addresses of Services, whichever node announces it, and which cannot be followed. */
export function announcementsOf(world: BgpWorld): {
  readonly announcements: readonly Announcement[];
  readonly problems: readonly Problem[];
} {
  const aliases = aliasesOf(world.communities);
  const announcements: Announcement[] = [];
  const problems = new Map<BGPAdvertisement, string>();
  const all = [...world.advertisements];
  const followed = all.filter(isHonoured).flatMap((advertisement) => {
    const attributes = attributesOf(advertisement, aliases);
    if (typeof attributes !== 'string') return [{ advertisement, attributes }];
    problems.set(advertisement, attributes);
    return [];
  });
  for (const { service, ports } of world.services) {
    for (const [text, address, pool] of placedAddresses(service, world.pools)) {
      for (const { advertisement, attributes } of followed) {
        if (!advertises(advertisement.spec ?? {}, pool, service)) continue;
        const prefix = aggregated(advertisement, address, pool);
        const common = { address: text, ports, attributes, peers: advertisement.spec?.peers ?? [] };
        if (typeof prefix === 'string') problems.set(advertisement, prefix);
        else announcements.push({ ...common, prefix: formatPrefix(prefix), advertisement });
      }
    }
  }
  const others = [...problems].map(([object, why]) => ({ object, why }));
  return { announcements, problems: [...strayProblems(all), ...others] };
}

/** What this node announces to this peer: each prefix once, in order. */
export function announcedTo(
  peer: string,
  node: Node,
  announcements: readonly Announcement[],
): ({ readonly prefix: string } & Attributes)[] {
  const found = new Map<string, Attributes>();
  if (!isFit(node)) return [];
  for (const announcement of announcements) {
    if (!isTold(announcement, peer, node)) continue;
    const { prefix, attributes } = announcement;
    found.set(prefix, joined(found.get(prefix), attributes));
  }
  return [...found].map(([prefix, attributes]) => ({ prefix, ...attributes })).toSorted(byPrefix);
}

/** The nodes that announce each address to any of the peers that they speak with: by them it is reached from there. */
export function nodesAnnouncing(
  announcements: readonly Announcement[],
  peers: readonly Peer[],
  nodes: Iterable<Node>,
): Map<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  for (const node of [...nodes].filter(isFit)) {
    const own = peers.filter((peer) => speaksWith(peer, node));
    for (const announcement of announcements) {
      if (!own.some(({ name }) => isTold(announcement, name, node))) continue;
      const known = found.get(announcement.address) ?? new Set();
      found.set(announcement.address, known.add(node.metadata.name));
    }
  }
  return new Map([...found].map(([address, names]) => [address, [...names].toSorted()]));
}

/** The peers that a node is to tell of each Service, by `namespace/name`. */
export function peersToldBy(
  node: Node,
  announcements: readonly Announcement[],
  peers: readonly Peer[],
): Map<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  const own = isFit(node) ? peers.filter((peer) => speaksWith(peer, node)) : [];
  for (const announcement of announcements) {
    const service = announcement.ports[0]?.service;
    const told = own.filter(({ name }) => isTold(announcement, name, node));
    if (service === undefined || told.length === 0) continue;
    found.set(service, new Set([...(found.get(service) ?? []), ...told.map(({ name }) => name)]));
  }
  return found;
}

function isTold({ address, ports, peers, advertisement }: Announcement, peer: string, node: Node): boolean {
  if (peers.length > 0 && !peers.includes(peer)) return false;
  return mayAnnounce(advertisement.spec ?? {}, node) && servesOutside(ports, address, node.metadata.name);
}

const byPrefix = (a: { readonly prefix: string }, b: { readonly prefix: string }): number =>
  a.prefix < b.prefix ? -1 : 1;

/** Of several advertisements of one prefix: all their communities, and the highest preference. */
function joined(before: Attributes | undefined, { localPref, ...more }: Attributes): Attributes {
  const both = (a: readonly string[] = [], b: readonly string[]): string[] =>
    [...new Set([...a, ...b])].toSorted();
  const prefs = [before?.localPref, localPref].filter((pref) => pref !== undefined);
  return {
    communities: both(before?.communities, more.communities),
    largeCommunities: both(before?.largeCommunities, more.largeCommunities),
    ...(prefs.length > 0 && { localPref: Math.max(...prefs) }),
  };
}

function placedAddresses(service: Service, pools: readonly Pool[]): [string, Address, Pool][] {
  if (service.spec.type !== 'LoadBalancer') return [];
  return addressesGivenTo(service).flatMap((text): [string, Address, Pool][] => {
    const [address, pool] = [parseAddress(text), poolOfAddress(pools, text)];
    return address === undefined || pool === undefined ? [] : [[text, address, pool]];
  });
}

/** The prefix by which the address is announced; why not, where it would cover addresses that are not the pool's. */
export function aggregated({ spec = {} }: BGPAdvertisement, address: Address, pool: Pool): Prefix | string {
  const isFour = address.family === 'IPv4';
  const [length, field] = isFour
    ? ([spec.aggregationLength ?? 32, 'aggregationLength'] as const)
    : ([spec.aggregationLengthV6 ?? 128, 'aggregationLengthV6'] as const);
  const prefix = prefixOf(address, length);
  const { first, last } = rangeOf(prefix);
  const isInside = pool.ranges.some(
    (range) =>
      range.first.family === first.family &&
      range.first.value <= first.value &&
      last.value <= range.last.value,
  );
  if (isInside || length === (isFour ? 32 : 128)) return prefix;
  return `${field} ${length}: ${formatPrefix(prefix)} would take in addresses that pool ${pool.name} does not have`;
}

/** Names of communities, from all Community objects. */
function aliasesOf(objects: Iterable<Community>): Map<string, string> {
  const named = [...objects].filter(isHonoured).flatMap(({ spec }) => spec?.communities ?? []);
  return new Map(named.flatMap(({ name, value }) => (name && value ? [[name, value] as const] : [])));
}

/** Undefined attributes are told as why. */
function attributesOf(
  { spec = {} }: BGPAdvertisement,
  aliases: ReadonlyMap<string, string>,
): Attributes | string {
  const communities: string[] = [];
  const largeCommunities: string[] = [];
  for (const told of spec.communities ?? []) {
    const value = aliases.get(told) ?? told;
    const [kind, number] = communityOf(value) ?? [];
    if (number === undefined) {
      return `${JSON.stringify(told)} is neither a community (64500:1, large:64500:1:2) nor a name in a Community object`;
    }
    (kind === 'large' ? largeCommunities : communities).push(number);
  }
  const { localPref } = spec;
  if (localPref !== undefined && localPref < 0) return `localPref ${localPref} is below 0`;
  // The API leaves 0 out of what it means: no preference.
  const pref = localPref === undefined || localPref === 0 ? {} : { localPref };
  return { communities: communities.toSorted(), largeCommunities: largeCommunities.toSorted(), ...pref };
}

function communityOf(value: string): ['plain' | 'large', string] | undefined {
  const parts = value.replace(/^large:/, '').split(':');
  const isLarge = value.startsWith('large:');
  const most = isLarge ? 0xffff_ffff : 0xffff;
  const isWhole = parts.every((part) => /^(0|[1-9]\d{0,9})$/.test(part) && Number(part) <= most);
  if (!isWhole || parts.length !== (isLarge ? 3 : 2)) return undefined;
  return [isLarge ? 'large' : 'plain', parts.join(':')];
}
