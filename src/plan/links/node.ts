import { bitsOf, familyOf, type Family } from '../../lib/address.ts';
import { parsePrefix } from '../../lib/prefix.ts';
import type { BridgeLink, FdbEntry, NamespaceState, Neighbour, Route } from '../../kernel/route/port.ts';
import { shortHash } from '../../lib/hash.ts';
import { agentLinks, type ModelTraits, type Transport, type Tunnel } from '../../model/network/models.ts';
import { macOf } from '../../model/network/places.ts';
import {
  familyPlaces,
  nodeLink,
  placeIn,
  underlayAddress,
  type FamilyPlace,
  type NodePlace,
} from '../../model/network/topology.ts';
import { emptyNamespace } from './diff.ts';

export { nodeLink };
/** The pod's only link besides `lo`. */
export const podLink = 'eth0';
/** Node ends of pod links start with this; nothing else in a node's namespace may. */
export const podLinkPrefix = 'weft';

/** VXLAN costs so many bytes of the segment's 1,500: outer Ethernet, IP, UDP and VXLAN headers. */
const tunnelMtu = { IPv4: 1500 - 50, IPv6: 1500 - 70 } as const satisfies Record<Family, number>;
const segmentMtu = 1500;

/** What of a model decides about links. */
export type LinkTraits = Pick<ModelTraits, 'wiring' | 'transport' | 'podAddresses'>;

/** A pod as far as its wiring is concerned. */
export interface WiredPod {
  readonly uid: string;
  /** Its own addresses, the primary one first; one per family at most. */
  readonly addresses: readonly string[];
  /** Pin's name of its network namespace. */
  readonly netns: string;
  /** What its addresses are of, where that is no block of its node. */
  readonly subnet?: PodSubnetEnd | undefined;
}

/** A subnet as its machines see it. */
export interface PodSubnetEnd {
  readonly prefix: string;
  /** Address of its router. */
  readonly gateway: string;
}

/** Name of the node's end of a pod's link: at most 15 characters, unique by the pod's uid. */
export function podLinkName(uid: string): string {
  return `${podLinkPrefix}${shortHash(uid).slice(-11)}`;
}

/** The links by which layer 3 of a node speaks with its pods, as nftables matches names. */
export function podLinks({ wiring }: Pick<ModelTraits, 'wiring'>): string {
  return wiring.kind === 'bridged' ? wiring.bridge : `${podLinkPrefix}*`;
}

/** The link of a node by which layer 3 hears what a pod sends: its own, or the bridge. */
export function podInterface({ wiring }: Pick<ModelTraits, 'wiring'>, uid: string): string {
  return wiring.kind === 'bridged' ? wiring.bridge : podLinkName(uid);
}

/** Whether the agent (and not the fabric) manages this link of a node's namespace. */
export function isAgentLink(name: string): boolean {
  return agentLinks.has(name) || name.startsWith(podLinkPrefix);
}

/**
 * What connects one node with the others, and its pods with it: its VXLAN device, where it has one, with a neighbour, a
 * forwarding entry and a route of the pod block for every other node; and the bridge of its pods, where they hang on one.
 */
export function nodeOverlay(
  node: NodePlace,
  others: Iterable<NodePlace>,
  traits: LinkTraits,
): NamespaceState {
  const { transport, wiring, podAddresses } = traits;
  const own =
    wiring.kind === 'bridged'
      ? bridge(node, wiring.bridge)
      : podAddresses === 'blocks'
        ? block(node)
        : emptyNamespace;
  if (transport.kind === 'fabric') return own;
  const tunnel = tunnelled(node, [...others], transport);
  return {
    ...tunnel,
    links: new Map([...own.links, ...tunnel.links]),
    addresses: [...own.addresses, ...tunnel.addresses],
    routes: [...own.routes, ...tunnel.routes],
  };
}

/** Without a blackhole, packets for addresses of the block that no pod has would leave by the default route. */
function block(node: NodePlace): NamespaceState {
  const routes = familyPlaces(node).map(({ podCidr }): Route => ({
    destination: podCidr,
    link: 'lo',
    type: 'blackhole',
  }));
  return { ...emptyNamespace, routes };
}

function bridge(node: NodePlace, name: string): NamespaceState {
  const link: BridgeLink = { kind: 'bridge', name, mac: bridgeMac(node) };
  const addresses = familyPlaces(node).flatMap((place) => {
    const address = onBridge(place, place.bridgeAddress);
    return address === undefined ? [] : [{ link: name, address }];
  });
  return { ...emptyNamespace, links: new Map([[name, link]]), addresses };
}

/** An address of the node's block with the length of the block: all of the block is on the bridge. */
function onBridge({ podCidr }: FamilyPlace, address: string | undefined): string | undefined {
  return address === undefined ? undefined : withLengthOf(podCidr, address);
}

/** An address with the length of the prefix that it is of. */
export function withLengthOf(cidr: string, address: string): string | undefined {
  const prefix = parsePrefix(cidr);
  return prefix === undefined ? undefined : `${address}/${prefix.length}`;
}

/** Routes prefer the tunnel's own address as source, so that the answer comes back through the tunnel. */
function tunnelled(
  node: NodePlace,
  others: readonly NodePlace[],
  transport: Extract<Transport, { kind: 'vxlan' }>,
): NamespaceState {
  const { link: tunnelLink, vni, port } = tunnelAmong([node, ...others], transport);
  const neighbours: Neighbour[] = [];
  const routes: Route[] = [];
  const fdb: FdbEntry[] = [];
  for (const other of others) {
    if (other.name === node.name) continue;
    const mac = tunnelMac(other);
    fdb.push({ link: tunnelLink, mac, address: underlayAddress(other) });
    for (const { podCidr, tunnelAddress: via } of familyPlaces(other)) {
      const source = placeIn(node, familyOf(podCidr))?.tunnelAddress;
      if (source === undefined || via === undefined) continue;
      neighbours.push({ link: tunnelLink, address: via, mac });
      routes.push({ destination: podCidr, link: tunnelLink, via, onlink: true, source });
    }
  }
  const link = {
    kind: 'vxlan',
    name: tunnelLink,
    mac: tunnelMac(node),
    mtu: mtuOn(node, transport),
    vni,
    port,
    local: underlayAddress(node),
    device: nodeLink,
  } as const;
  return {
    links: new Map([[tunnelLink, link]]),
    addresses: familyPlaces(node).flatMap(({ tunnelAddress }) =>
      tunnelAddress === undefined ? [] : [{ link: tunnelLink, address: hostPrefix(tunnelAddress) }],
    ),
    routes,
    neighbours,
    fdb,
  };
}

/** The VXLAN device that all of these nodes can speak with each other by. */
function tunnelAmong(
  nodes: readonly NodePlace[],
  { tunnel, withWindows }: Extract<Transport, { kind: 'vxlan' }>,
): Tunnel {
  return nodes.some(({ os }) => os === 'windows') ? (withWindows ?? tunnel) : tunnel;
}

/** What fits into a packet of a pod of this node, in bytes. */
export function mtuOn(node: NodePlace, { kind }: Transport): number {
  return kind === 'vxlan' ? tunnelMtu[familyOf(underlayAddress(node))] : segmentMtu;
}

/** The address alone, as a destination. */
export function hostPrefix(address: string): string {
  return `${address}/${bitsOf(familyOf(address))}`;
}

/** VXLAN devices need addresses of their own, for the kernel looks next hops up by them. */
function tunnelMac(node: NodePlace): string {
  return macOf(node.tunnelAddress ?? node.address).replace(/^0a:58/, '0a:77');
}

/** The gateway of the node's pods, by the address that it has on their bridge. */
export function bridgeMac(node: NodePlace): string {
  return macOf(node.bridgeAddress ?? node.address);
}
