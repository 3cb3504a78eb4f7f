import { formatAddress } from '../../lib/address.ts';
import { parsePrefix, rangeOf, type Prefix } from '../../lib/prefix.ts';
import { entrancesOf } from '../../model/fabric/network/entrances.ts';
import {
  outboundShares,
  possibleShares,
  publicAddresses,
  type OutboundShare,
} from '../../model/fabric/network/outbound.ts';
import { judgesOf, type Judge } from '../../model/fabric/network/judges.ts';
import { blocksBehind } from '../../model/fabric/network/owned.ts';
import { resolvedRules, type Direction } from '../../model/fabric/network/security.ts';
import type { NetworkInterface, NetworkWorld } from '../../model/fabric/network/world.ts';
import type { PlannedElement } from '../elements/planned-elements.ts';
import { arrivalChain, commonLength, deliveredFrom, sourceChain } from './arrivals.ts';
import { interfaceLink, outwardLinks, siteLink } from './cables.ts';
import { groupChain, namedChain, type Chain } from './groups.ts';
import { marksOf, type NetworkMarks } from './marks.ts';
import { fromOutside, sourceChains, type networksSets } from './skeleton.ts';
import { zoneChains, type ZoneChains } from './zone-chains.ts';

/** What is in the table of virtual networks: elements by their owner, and the chains they lead to. */
export interface NetworksPlan {
  readonly owners: ReadonlyMap<string, readonly PlannedElement[]>;
  /** By name. */
  readonly chains: ReadonlyMap<string, Chain>;
}

/** Everything that the table holds for a world. */
export function planNetworks(world: NetworkWorld): NetworksPlan {
  const chains = new Map<string, Chain>();
  const chain = (made: Chain): string => {
    chains.set(made.name, made);
    return made.name;
  };
  const context: Context = {
    marks: marksOf(world),
    shares: outboundShares(world),
    groupsOf: groupFinder(world, chain),
    zones: zoneChains(world, chain),
    isDelivered: deliveredFrom(world),
    chain,
  };
  const owners = new Map<string, readonly PlannedElement[]>([['outward', outwardArrivals]]);
  for (const one of world.interfaces) owners.set(one.id, interfaceElements(one, context));
  for (const { metadata, spec } of world.sites) {
    const link = siteLink(metadata.name);
    const arrival = arrivalChain({
      mark: context.marks.ofSite(metadata.name),
      zone: context.zones.inside(spec.gateway.network),
      isDelivered: true,
      source: sourceChains.blocks,
    });
    owners.set(`site:${metadata.name}`, [
      verdict('arrivals', link, 'goto', chain(arrival)),
      ...spec.prefixes.map((prefix) => blockElement(link, prefix)),
    ]);
  }
  for (const { address, network } of entrancesOf(world)) {
    owners.set(`entrance:${address}`, [
      verdict('outside-zones', address, 'jump', context.zones.outside(network)),
      { set: 'entrances', key: [address], value: [context.marks.network(network)] },
    ]);
  }
  // Rules cost more to add than elements: those of all shares are there before anybody has one.
  for (const share of possibleShares(world)) chain(shareChain(share));
  for (const [name, addresses] of publicAddresses(world)) {
    const zone = context.zones.outside(name);
    owners.set(
      `network:${name}`,
      addresses.map((address) => verdict('outside-zones', address, 'jump', zone)),
    );
  }
  return { owners, chains };
}

interface Context {
  readonly marks: NetworkMarks;
  readonly shares: ReadonlyMap<string, OutboundShare>;
  readonly groupsOf: GroupFinder;
  readonly zones: ZoneChains;
  readonly isDelivered: (one: NetworkInterface) => boolean;
  /** Takes a chain into the plan; returns its name. */
  readonly chain: (made: Chain) => string;
}

function interfaceElements(one: NetworkInterface, context: Context): PlannedElement[] {
  const link = interfaceLink(one);
  const share = context.shares.get(one.id);
  return [
    verdict('arrivals', link, 'goto', context.chain(arrivalOf(one, context))),
    ...one.addresses.map((address) => ({ set: 'own', key: [link, address] })),
    ...blocksBehind(one).map((prefix) => ownElement(link, prefix)),
    ...sizedElements(link, largerBlocks(one)),
    ...(one.forwards ? [{ set: 'forwarding', key: [link] }] : []),
    ...(share === undefined ? [] : [verdict('shares', link, 'goto', context.chain(shareChain(share)))]),
    ...context.groupsOf(one).map(({ set, chain }) => verdict(set, link, 'jump', chain)),
  ];
}

function arrivalOf(one: NetworkInterface, { marks, zones, isDelivered, chain }: Context): Chain {
  return arrivalChain({
    mark: marks.ofInterface(one),
    zone: zones.inside(one.network),
    isDelivered: isDelivered(one),
    source: one.forwards ? undefined : sourceChain(largerBlocks(one), chain),
  });
}

/** The blocks behind an interface that are more than an address. */
function largerBlocks(one: NetworkInterface): Prefix[] {
  return blocksBehind(one)
    .filter((prefix) => !isSingle(prefix))
    .flatMap((prefix) => parsePrefix(prefix) ?? []);
}

function sizedElements(link: string, blocks: readonly Prefix[]): PlannedElement[] {
  if (commonLength(blocks) === undefined) return [];
  return blocks.map(({ network }) => ({ set: 'own-sized', key: [link, formatAddress(network)] }));
}

const verdict = (set: string, key: string, what: 'jump' | 'goto', chain: string): PlannedElement => ({
  set,
  key: [key],
  value: { verdict: what, chain },
});

/** What comes back from outside has to find who asked; from an endpoint, it comes to whoever has the address. */
const outwardArrivals: readonly PlannedElement[] = [
  { set: 'arrivals', key: ['lo'], value: { verdict: 'accept' } },
  { set: 'arrivals', key: [outwardLinks.endpoints], value: { verdict: 'accept' } },
  verdict('arrivals', outwardLinks.internet, 'goto', fromOutside),
  verdict('arrivals', outwardLinks.services, 'goto', fromOutside),
];

/** Single addresses are cheaper to change, and to look up, than blocks. */
function ownElement(link: string, prefix: string): PlannedElement {
  return isSingle(prefix)
    ? { set: 'own', key: [link, prefix.slice(0, -'/32'.length)] }
    : blockElement(link, prefix);
}

const isSingle = (prefix: string): boolean => prefix.endsWith('/32');

function blockElement(link: string, prefix: string): PlannedElement {
  const parsed = parsePrefix(prefix);
  const range = parsed === undefined ? undefined : rangeOf(parsed);
  const ends = [range?.first, range?.last].map((end) => (end === undefined ? '' : formatAddress(end)));
  return { set: 'own-blocks', key: [link, ends[0] ?? ''], keyEnd: [link, ends[1] ?? ''] };
}

/** What is of neither protocol has no ports; its share is the address. */
function shareChain({ address, firstPort, lastPort }: OutboundShare): Chain {
  const name = `share-${address.replaceAll('.', '-')}-${firstPort}-${lastPort}`;
  return namedChain(name, () => [
    `meta l4proto { tcp, udp, sctp } snat ip to ${address}:${firstPort}-${lastPort}`,
    `snat ip to ${address}`,
  ]);
}

type GroupFinder = (one: NetworkInterface) => { readonly set: string; readonly chain: string }[];

/** The maps in which a group's chain is found, by whom it is set for. */
const judgingSets = {
  Outbound: { interface: 'sends', subnet: 'leaves-subnet' },
  Inbound: { interface: 'receives', subnet: 'enters-subnet' },
} as const satisfies Record<Direction, Record<Judge['of'], keyof typeof networksSets>>;

/** The chains of the groups that judge what an interface sends and is sent; each is made once. */
function groupFinder(world: NetworkWorld, chain: (made: Chain) => string): GroupFinder {
  const known = new Map<string, string>();
  const chainFor = (one: NetworkInterface, { group }: Judge, direction: Direction): string => {
    const key = JSON.stringify([group.metadata.name, one.network, one.subnet, direction]);
    const name = known.get(key) ?? chain(groupChain(resolvedRules(world, group, { place: one, direction })));
    known.set(key, name);
    return name;
  };
  return (one) =>
    (['Outbound', 'Inbound'] as const).flatMap((direction) =>
      judgesOf(world, one, direction).map((judge) => ({
        set: judgingSets[direction][judge.of],
        chain: chainFor(one, judge, direction),
      })),
    );
}
