import { familyOf, type Family } from '../../lib/address.ts';
import { everyAddress } from '../../lib/prefix.ts';
import type { NamespaceState, Neighbour, Route, VethLink } from '../../kernel/route/port.ts';
import { macOf } from '../../model/network/places.ts';
import { placeIn, type NodePlace } from '../../model/network/topology.ts';
import { emptyNamespace } from './diff.ts';
import {
  bridgeMac,
  hostPrefix,
  mtuOn,
  podLink,
  podLinkName,
  withLengthOf,
  type LinkTraits,
  type PodSubnetEnd,
  type WiredPod,
} from './node.ts';

/** The next hop every pod uses, link-local; nobody owns it, a permanent neighbour answers for it. */
const podGateway = { IPv4: '169.254.1.1', IPv6: 'fe80::1' } as const satisfies Record<Family, string>;
const podGatewayMac = 'ee:ee:ee:ee:ee:ee';

/** The node's side of one pod: its link, and how packets for it find it: host routes, or the bridge; never by asking. */
export function podOnNode(node: NodePlace, pod: WiredPod, { wiring, transport }: LinkTraits): NamespaceState {
  const name = podLinkName(pod.uid);
  const [mac, mtu] = [podMac(pod), mtuOn(node, transport)];
  const peer = { name: podLink, namespace: pod.netns, mac, mtu };
  const neighboursOn = (link: string): Neighbour[] =>
    pod.addresses.map((address) => ({ link, address, mac }));
  if (wiring.kind === 'bridged') {
    const { bridge } = wiring;
    const link: VethLink = { kind: 'veth', name, mtu, master: bridge, peer };
    return {
      ...emptyNamespace,
      links: new Map([[name, link]]),
      // Where the bridge has an address of the pods' prefix, that is their route.
      routes: wiring.prefix === 'block' ? [] : hostRoutes(node, pod, bridge),
      neighbours: neighboursOn(bridge),
    };
  }
  const routes = hostRoutes(node, pod, name);
  const link: VethLink = { kind: 'veth', name, mac: podGatewayMac, mtu, peer };
  return { ...emptyNamespace, links: new Map([[name, link]]), routes, neighbours: neighboursOn(name) };
}

function hostRoutes(node: NodePlace, { addresses }: WiredPod, link: string): Route[] {
  return addresses.map((address) => {
    const source = placeIn(node, familyOf(address))?.address;
    return { destination: hostPrefix(address), link, ...(source === undefined ? {} : { source }) };
  });
}

/** The inside of a pod: its addresses, and everything by its gateways, which permanent neighbours stand for. */
export function podInside(node: NodePlace, pod: WiredPod, { wiring, transport }: LinkTraits): NamespaceState {
  const link = { kind: 'veth-peer', name: podLink, mac: podMac(pod), mtu: mtuOn(node, transport) } as const;
  const ends = pod.addresses.map((address) =>
    wiring.kind === 'bridged'
      ? bridgedEnd(segmentOf(node, { pod, address, wiring }), address)
      : routedEnd(address),
  );
  const mac = wiring.kind === 'bridged' ? bridgeMac(node) : podGatewayMac;
  return {
    ...emptyNamespace,
    links: new Map([[podLink, link]]),
    addresses: ends.map(({ address }) => ({ link: podLink, address })),
    routes: ends.flatMap(({ routes }) => routes),
    neighbours: ends.map(({ gateway }) => ({ link: podLink, address: gateway, mac })),
  };
}

/** One address of a pod, and the way out that belongs to it. */
interface PodEnd {
  readonly address: string;
  readonly gateway: string;
  readonly routes: readonly Route[];
}

function routedEnd(address: string): PodEnd {
  const family = familyOf(address);
  const gateway = podGateway[family];
  const everything: Route = { destination: everyAddress[family], link: podLink, via: gateway };
  // A link-local IPv6 next hop is on its link as it is.
  const routes = family === 'IPv6' ? [everything] : [onLink(gateway), everything];
  return { address: hostPrefix(address), gateway, routes };
}

/**
 * The pods of the same bridge are reached by the gateway too, although the bridge would bring frames there: what goes
 * past the node's own stack, its Service rules never see, and what comes back from a Service's endpoint that way would
 * still have the endpoint's address. (Others have `br_netfilter` run frames through these rules; that is a module of the
 * whole machine.)
 */
function bridgedEnd(segment: PodSubnetEnd | undefined, address: string): PodEnd {
  const family = familyOf(address);
  const gateway = segment?.gateway ?? podGateway[family];
  const beside: Route[] =
    segment === undefined ? [] : [{ destination: segment.prefix, link: podLink, via: gateway }];
  return {
    address: (segment && withLengthOf(segment.prefix, address)) ?? hostPrefix(address),
    gateway,
    routes: [onLink(gateway), ...beside, { destination: everyAddress[family], link: podLink, via: gateway }],
  };
}

/** The prefix that a pod's bridge is a segment of, as the pod sees it. */
function segmentOf(
  node: NodePlace,
  {
    pod,
    address,
    wiring,
  }: {
    readonly pod: WiredPod;
    readonly address: string;
    readonly wiring: Extract<LinkTraits['wiring'], { kind: 'bridged' }>;
  },
): PodSubnetEnd | undefined {
  if (wiring.prefix === 'subnet') return pod.subnet;
  const { podCidr: prefix, bridgeAddress: gateway } = placeIn(node, familyOf(address)) ?? {};
  return prefix === undefined || gateway === undefined ? undefined : { prefix, gateway };
}

function onLink(gateway: string): Route {
  return { destination: hostPrefix(gateway), link: podLink };
}

function podMac({ addresses: [primary = ''] }: WiredPod): string {
  return macOf(primary);
}
