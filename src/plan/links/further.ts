import type { NamespaceState, VethLink } from '../../kernel/route/port.ts';
import { emptyNamespace } from './diff.ts';
import { switchBridge } from './switch-bridge.ts';
import { podLinkName } from './node.ts';

/** A further interface of a pod, as its wiring is concerned. */
export interface FurtherLink {
  /** In the pod. */
  readonly name: string;
  readonly mac: string;
  /** With their lengths. */
  readonly addresses: readonly string[];
  /** Without a next hop, what is on the link. */
  readonly routes: readonly { readonly destination: string; readonly via: string | undefined }[];
}

/** Both ends of an interface's cable: a port of the segment's switch, whose other end is in the pod. */
export function furtherCable(
  pod: { readonly uid: string; readonly netns: string },
  link: FurtherLink,
): VethLink {
  const { name, mac } = link;
  return {
    kind: 'veth',
    name: podLinkName(`${pod.uid} ${name}`),
    master: switchBridge,
    peer: { name, namespace: pod.netns, mac },
  };
}

/** The inside of a pod, as far as its further interfaces are concerned. */
export function furtherInside(links: readonly FurtherLink[]): NamespaceState {
  return {
    ...emptyNamespace,
    links: new Map(links.map(({ name, mac }) => [name, { kind: 'veth-peer', name, mac }])),
    addresses: links.flatMap(({ name, addresses }) => addresses.map((address) => ({ link: name, address }))),
    routes: links.flatMap(({ name, routes }) =>
      routes.map(({ destination, via }) => ({ destination, link: name, ...(via !== undefined && { via }) })),
    ),
  };
}
