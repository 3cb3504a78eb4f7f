import type { Node } from '../../api/types/core.ts';
import type { BgpNeighbour, BgpSpeaker } from '../../drivers/bgp/port.ts';
import { families, familyOf, inFamily, type Family } from '../../lib/address.ts';
import { hash32, shortHash } from '../../lib/hash.ts';
import { announcedTo, type Announcement } from '../../model/load-balancer/bgp-announcements.ts';
import { speaksWith, type Peer } from '../../model/load-balancer/bgp-peers.ts';
import { nodeAddresses, type NodePlace } from '../../model/network/topology.ts';

/** What a node's daemon says to whom; undefined where it has nobody to speak with. */
export function nodeSpeaker(
  place: NodePlace,
  node: Node,
  {
    peers,
    announcements,
  }: { readonly peers: readonly Peer[]; readonly announcements: readonly Announcement[] },
): BgpSpeaker | undefined {
  const own = peers.filter((peer) => speaksWith(peer, node));
  const [first] = own;
  if (first === undefined) return undefined;
  const addresses = nodeAddresses(place);
  return {
    routerId:
      own.find(({ routerId }) => routerId !== undefined)?.routerId ??
      inFamily(addresses, 'IPv4') ??
      routerIdOf(place.name),
    asn: first.myAsn,
    installs: false,
    neighbours: own.map((peer) => ({
      ...sessionOf(peer),
      name: neighbourName(peer.name),
      address: peer.address,
      port: peer.port,
      asn: peer.asn,
      ...(ownAsn(peer) !== first.myAsn && { localAsn: ownAsn(peer) }),
      ...(peer.source !== undefined && { source: peer.source }),
      passive: false,
      nextHops: nextHopsOf(peer, addresses),
      routes: announcedTo(peer.name, node, announcements),
    })),
  };
}

/**
 * The other side of the peers that have an address of this machine: what a lab's router says to nodes that speak with
 * it. It waits for them to connect, announces nothing, and puts what it learns into its kernel. Undefined where nobody
 * speaks with it.
 */
export function routerSpeaker(
  addresses: readonly string[],
  nodes: readonly { readonly place: NodePlace; readonly node: Node }[],
  peers: readonly Peer[],
): BgpSpeaker | undefined {
  const here = peers.filter(({ address, port }) => addresses.includes(address) && port === bgpPort);
  const asn = here.map((peer) => asnOfPeer(peer)).find((found) => found !== undefined);
  if (asn === undefined) return undefined;
  const neighbours = here.flatMap((peer) =>
    nodes
      .filter(({ node }) => speaksWith(peer, node))
      .flatMap(({ place }): BgpNeighbour[] => {
        const address = peer.source ?? inFamily(nodeAddresses(place), familyOf(peer.address));
        const theirs = asnOfPeer(peer);
        if (address === undefined) return [];
        return [
          {
            ...sessionOf(peer),
            name: neighbourName(`${place.name}-${peer.name}`),
            address,
            port: bgpPort,
            asn: ownAsn(peer),
            ...(theirs !== undefined && theirs !== asn && { localAsn: theirs }),
            multihop: false,
            passive: true,
            nextHops: {},
            routes: [],
          },
        ];
      }),
  );
  const unique = [...new Map(neighbours.map((one) => [one.address, one])).values()];
  return {
    routerId: inFamily(addresses, 'IPv4') ?? routerIdOf('router'),
    asn,
    installs: true,
    neighbours: unique,
  };
}

const bgpPort = 179;

function asnOfPeer({ asn, myAsn, localAsn = myAsn }: Peer): number | undefined {
  if (typeof asn === 'number') return asn;
  // Any other number is as good: one of those for private use.
  return asn === 'internal' ? localAsn : anyOther(localAsn);
}

function anyOther(asn: number): number {
  return asn === 64_512 ? 64_513 : 64_512;
}

function ownAsn({ myAsn, localAsn = myAsn }: Peer): number {
  return localAsn;
}

type Session = Pick<
  BgpNeighbour,
  | 'holdSeconds'
  | 'keepaliveSeconds'
  | 'connectSeconds'
  | 'multihop'
  | 'gracefulRestart'
  | 'password'
  | 'bfd'
  | 'families'
>;

/** What both ends of a session have alike. */
function sessionOf(peer: Peer): Session {
  return {
    holdSeconds: peer.holdSeconds,
    keepaliveSeconds: peer.keepaliveSeconds,
    connectSeconds: peer.connectSeconds,
    multihop: peer.isMultihop,
    gracefulRestart: peer.restartsGracefully,
    ...(peer.password !== undefined && { password: peer.password }),
    ...(peer.bfd !== undefined && { bfd: peer.bfd }),
    families: peer.families,
  };
}

/** A session has an address of its own family at this end; of the other family a node has to name one. */
function nextHopsOf(
  { address, families: spoken }: Peer,
  addresses: readonly string[],
): Partial<Record<Family, string>> {
  const others = families.filter((family) => family !== familyOf(address) && spoken.includes(family));
  return Object.fromEntries(
    others.flatMap((family) => {
      const own = inFamily(addresses, family);
      return own === undefined ? [] : [[family, own]];
    }),
  );
}

/** Objects' names have characters that daemons do not take, and may differ in those alone. */
export function neighbourName(name: string): string {
  return `n_${name.replaceAll(/[^A-Za-z0-9]/g, '_').slice(0, 30)}_${shortHash(name)}`;
}

/** For a node without an IPv4 address: any number that no other node has. */
function routerIdOf(name: string): string {
  const value = hash32(name) | 1;
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}
