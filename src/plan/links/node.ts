import { bitsOf, familyOf, type Family } from '../../lib/address.ts';
import { everyAddress } from '../../lib/prefix.ts';
import type { NamespaceState, Neighbour, Route, VethLink } from '../../kernel/route/port.ts';
import { shortHash } from '../../lib/hash.ts';
import { macOf } from '../../model/network/places.ts';
import {
  familyPlaces,
  nodeLink,
  placeIn,
  underlayAddress,
  type NodePlace,
} from '../../model/network/topology.ts';

/** Name of a node's VXLAN device, as Calico calls it, so that people recognise it. */
export const tunnelLink = 'vxlan.calico';
export { nodeLink };
/** The pod's only link besides `lo`. */
export const podLink = 'eth0';
/** Node ends of pod links start with this; nothing else in a node's namespace may. */
export const podLinkPrefix = 'weft';

/** VXLAN costs so many bytes of the segment's 1,500: outer Ethernet, IP, UDP and VXLAN headers. */
const tunnelMtu = { IPv4: 1500 - 50, IPv6: 1500 - 70 } as const satisfies Record<Family, number>;
const vni = 4096;
const vxlanPort = 4789;

/** The next hop every pod uses, link-local; nobody owns it, a permanent neighbour answers for it. */
const podGateway = { IPv4: '169.254.1.1', IPv6: 'fe80::1' } as const satisfies Record<Family, string>;
const podGatewayMac = 'ee:ee:ee:ee:ee:ee';

/** A pod as far as its wiring is concerned. */
export interface WiredPod {
  readonly uid: string;
  /** Its own addresses, the primary one first; one per family at most. */
  readonly addresses: readonly string[];
  /** Pin's name of its network namespace. */
  readonly netns: string;
}

/** Name of the node's end of a pod's link: at most 15 characters, unique by the pod's uid. */
export function podLinkName(uid: string): string {
  return `${podLinkPrefix}${shortHash(uid).slice(-11)}`;
}

/** Whether the agent (and not the fabric) manages this link of a node's namespace. */
export function isAgentLink(name: string): boolean {
  return name === tunnelLink || name.startsWith(podLinkPrefix);
}

/**
 * The overlay of one node: its VXLAN device and, for every other node, the neighbour, the forwarding entry and
 * the route of that node's pod block. Routes prefer the tunnel's own address as source, so that the answer comes
 * back through the tunnel.
 */
export function nodeOverlay(node: NodePlace, others: Iterable<NodePlace>): NamespaceState {
  const neighbours: Neighbour[] = [];
  // Without it, packets for addresses of the block that no pod has would leave by the default route.
  const routes: Route[] = familyPlaces(node).map(({ podCidr }) => ({
    destination: podCidr,
    link: 'lo',
    type: 'blackhole',
  }));
  const fdb = [];
  for (const other of others) {
    if (other.name === node.name) continue;
    const mac = tunnelMac(other);
    fdb.push({ link: tunnelLink, mac, address: underlayAddress(other) });
    for (const { podCidr, tunnelAddress } of familyPlaces(other)) {
      const own = placeIn(node, familyOf(podCidr));
      if (own === undefined) continue;
      neighbours.push({ link: tunnelLink, address: tunnelAddress, mac });
      const via = { via: tunnelAddress, onlink: true, source: own.tunnelAddress };
      routes.push({ destination: podCidr, link: tunnelLink, ...via });
    }
  }
  const link = {
    kind: 'vxlan',
    name: tunnelLink,
    mac: tunnelMac(node),
    mtu: mtuOn(node),
    vni,
    port: vxlanPort,
    local: underlayAddress(node),
    device: nodeLink,
  } as const;
  return {
    links: new Map([[tunnelLink, link]]),
    addresses: familyPlaces(node).map(({ tunnelAddress }) => ({
      link: tunnelLink,
      address: hostPrefix(tunnelAddress),
    })),
    routes,
    neighbours,
    fdb,
  };
}

/** The node's side of one pod: link, host routes and permanent neighbours. */
export function podOnNode(node: NodePlace, pod: WiredPod): NamespaceState {
  const name = podLinkName(pod.uid);
  const [mac, mtu] = [podMac(pod), mtuOn(node)];
  const link: VethLink = {
    kind: 'veth',
    name,
    mac: podGatewayMac,
    mtu,
    peer: { name: podLink, namespace: pod.netns, mac, mtu },
  };
  const routes = pod.addresses.map((address) => {
    const source = placeIn(node, familyOf(address))?.address;
    return { destination: hostPrefix(address), link: name, ...(source === undefined ? {} : { source }) };
  });
  return {
    links: new Map([[name, link]]),
    addresses: [],
    routes,
    neighbours: pod.addresses.map((address) => ({ link: name, address, mac })),
    fdb: [],
  };
}

/** The inside of a pod: its addresses, and everything by the gateways, which permanent neighbours stand for. */
export function podInside(node: NodePlace, pod: WiredPod): NamespaceState {
  const gateways = pod.addresses.map((address) => podGateway[familyOf(address)]);
  return {
    links: new Map([[podLink, { kind: 'veth-peer', name: podLink, mac: podMac(pod), mtu: mtuOn(node) }]]),
    addresses: pod.addresses.map((address) => ({ link: podLink, address: hostPrefix(address) })),
    routes: gateways.flatMap((gateway) => routesBy(gateway)),
    neighbours: gateways.map((address) => ({ link: podLink, address, mac: podGatewayMac })),
    fdb: [],
  };
}

function routesBy(gateway: string): Route[] {
  // A link-local IPv6 next hop is on its link as it is.
  if (familyOf(gateway) === 'IPv6') return [{ destination: everyAddress.IPv6, link: podLink, via: gateway }];
  return [
    { destination: `${gateway}/32`, link: podLink },
    { destination: everyAddress.IPv4, link: podLink, via: gateway },
  ];
}

/** What fits into a packet of a pod of this node, in bytes. */
function mtuOn(node: NodePlace): number {
  return tunnelMtu[familyOf(underlayAddress(node))];
}

function hostPrefix(address: string): string {
  return `${address}/${bitsOf(familyOf(address))}`;
}

function podMac({ addresses: [primary = ''] }: WiredPod): string {
  return macOf(primary);
}

/** VXLAN devices need addresses of their own, for the kernel looks next hops up by them. */
function tunnelMac(node: NodePlace): string {
  return macOf(node.tunnelAddress).replace(/^0a:58/, '0a:77');
}
