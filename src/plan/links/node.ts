import type { NamespaceState, Neighbour, Route, VethLink } from '../../kernel/route/port.ts';
import { shortHash } from '../../lib/hash.ts';
import { macOf } from '../../model/network/places.ts';
import type { NodePlace } from '../../model/network/topology.ts';

/** Name of a node's VXLAN device, as Calico calls it, so that people recognise it. */
export const tunnelLink = 'vxlan.calico';
/** The node's link to its segment. */
export const nodeLink = 'eth0';
/** The pod's only link besides `lo`. */
export const podLink = 'eth0';
/** Node ends of pod links start with this; nothing else in a node's namespace may. */
export const podLinkPrefix = 'weft';

/** VXLAN over IPv4 costs 50 bytes of the segment's 1,500. */
export const podMtu = 1450;
const vni = 4096;
const vxlanPort = 4789;

/** The next hop every pod uses; nobody owns it, a permanent neighbour answers for it. */
const podGateway = '169.254.1.1';
const podGatewayMac = 'ee:ee:ee:ee:ee:ee';

/** A pod as far as its wiring is concerned. */
export interface WiredPod {
  readonly uid: string;
  readonly address: string;
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
  const routes: Route[] = [{ destination: node.podCidr, link: 'lo', type: 'blackhole' }];
  const fdb = [];
  for (const other of others) {
    if (other.name === node.name) continue;
    const mac = tunnelMac(other);
    neighbours.push({ link: tunnelLink, address: other.tunnelAddress, mac });
    fdb.push({ link: tunnelLink, mac, address: other.address });
    routes.push({
      destination: other.podCidr,
      link: tunnelLink,
      via: other.tunnelAddress,
      onlink: true,
      source: node.tunnelAddress,
    });
  }
  const link = {
    kind: 'vxlan',
    name: tunnelLink,
    mac: tunnelMac(node),
    mtu: podMtu,
    vni,
    port: vxlanPort,
    local: node.address,
    device: nodeLink,
  } as const;
  return {
    links: new Map([[tunnelLink, link]]),
    addresses: [{ link: tunnelLink, address: `${node.tunnelAddress}/32` }],
    routes,
    neighbours,
    fdb,
  };
}

/** The node's side of one pod: link, host route and permanent neighbour. */
export function podOnNode(node: NodePlace, pod: WiredPod): NamespaceState {
  const name = podLinkName(pod.uid);
  const link: VethLink = {
    kind: 'veth',
    name,
    mac: podGatewayMac,
    mtu: podMtu,
    peer: { name: podLink, namespace: pod.netns, mac: macOf(pod.address), mtu: podMtu },
  };
  return {
    links: new Map([[name, link]]),
    addresses: [],
    routes: [{ destination: `${pod.address}/32`, link: name, source: node.address }],
    neighbours: [{ link: name, address: pod.address, mac: macOf(pod.address) }],
    fdb: [],
  };
}

/** The inside of a pod: its address, and everything by the gateway, which a permanent neighbour stands for. */
export function podInside(pod: WiredPod): NamespaceState {
  return {
    links: new Map([[podLink, { kind: 'veth-peer', name: podLink, mac: macOf(pod.address), mtu: podMtu }]]),
    addresses: [{ link: podLink, address: `${pod.address}/32` }],
    routes: [
      { destination: `${podGateway}/32`, link: podLink },
      { destination: '0.0.0.0/0', link: podLink, via: podGateway },
    ],
    neighbours: [{ link: podLink, address: podGateway, mac: podGatewayMac }],
    fdb: [],
  };
}

/** VXLAN devices need addresses of their own, for the kernel looks next hops up by them. */
function tunnelMac(node: NodePlace): string {
  return macOf(node.tunnelAddress).replace(/^0a:58/, '0a:77');
}
