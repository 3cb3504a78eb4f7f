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
  onBridge,
  podLink,
  podLinkName,
  type LinkTraits,
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
    const link: VethLink = { kind: 'veth', name, mtu, master: wiring.bridge, peer };
    return { ...emptyNamespace, links: new Map([[name, link]]), neighbours: neighboursOn(wiring.bridge) };
  }
  const routes = pod.addresses.map((address) => {
    const source = placeIn(node, familyOf(address))?.address;
    return { destination: hostPrefix(address), link: name, ...(source === undefined ? {} : { source }) };
  });
  const link: VethLink = { kind: 'veth', name, mac: podGatewayMac, mtu, peer };
  return { ...emptyNamespace, links: new Map([[name, link]]), routes, neighbours: neighboursOn(name) };
}

/** The inside of a pod: its addresses, and everything by its gateways, which permanent neighbours stand for. */
export function podInside(node: NodePlace, pod: WiredPod, { wiring, transport }: LinkTraits): NamespaceState {
  const link = { kind: 'veth-peer', name: podLink, mac: podMac(pod), mtu: mtuOn(node, transport) } as const;
  const ends = pod.addresses.map((address) =>
    wiring.kind === 'bridged' ? bridgedEnd(node, address) : routedEnd(address),
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
function bridgedEnd(node: NodePlace, address: string): PodEnd {
  const family = familyOf(address);
  const place = placeIn(node, family);
  const gateway = place?.bridgeAddress ?? podGateway[family];
  const beside: Route[] =
    place === undefined ? [] : [{ destination: place.podCidr, link: podLink, via: gateway }];
  return {
    address: (place && onBridge(place, address)) ?? hostPrefix(address),
    gateway,
    routes: [onLink(gateway), ...beside, { destination: everyAddress[family], link: podLink, via: gateway }],
  };
}

function onLink(gateway: string): Route {
  return { destination: hostPrefix(gateway), link: podLink };
}

function podMac({ addresses: [primary = ''] }: WiredPod): string {
  return macOf(primary);
}
