import { familyOf, parseAddress } from '../../lib/address.ts';
import { contains, parsePrefix } from '../../lib/prefix.ts';
import {
  activeRoutes,
  effectiveRoutes,
  routeTo,
  type HopType,
} from '../../model/fabric/network/effective-routes.ts';
import { outboundShares } from '../../model/fabric/network/outbound.ts';
import type { NetworkInterface, NetworkWorld } from '../../model/fabric/network/world.ts';
import { nodeLink } from '../../model/network/topology.ts';
import type { ClusterIndex } from '../cluster-index.ts';

/** Where a virtual network sends what one of its nodes sends. */
export interface NetworkWay {
  /** Name of the network. */
  readonly network: string;
  /** Undefined where no route leads. */
  readonly hop: HopType | undefined;
  /** The address that the internet sees, where the way leads there and the node has a share of one. */
  readonly seenAs: string | undefined;
}

/** The way of a node's packets to an address outside the cluster; undefined where nodes are in no virtual network. */
export function wayInNetwork(index: ClusterIndex, node: string, address: string): NetworkWay | undefined {
  const { networkWorld } = index;
  const nic = networkWorld && interfaceOf(networkWorld, node);
  if (networkWorld === undefined || nic === undefined || familyOf(address) === 'IPv6') return undefined;
  const { network, subnet, id } = nic;
  const hop = routeTo(activeRoutes(effectiveRoutes(networkWorld, network, subnet)), address)?.nextHopType;
  const seenAs = hop === 'Internet' ? outboundShares(networkWorld).get(id)?.address : undefined;
  return { network, hop, seenAs };
}

/** Whether somebody at this address can send to a node of a virtual network: whoever the node finds by private ways. */
export function findsNode(index: ClusterIndex, address: string, node: string): boolean {
  const way = wayInNetwork(index, node, address);
  return way === undefined || !(way.hop === undefined || way.hop === 'Internet' || way.hop === 'None');
}

/**
 * Whether routes of users bring what a machine of a virtual network sends to an address to this node, as to an appliance:
 * those of kubenet are there for everybody in the nodes' subnet.
 */
export function isRoutedToNode(
  { networkWorld }: ClusterIndex,
  { source, destination }: { readonly source: string; readonly destination: string },
  node: string,
): boolean {
  const nic = networkWorld && interfaceOf(networkWorld, node);
  if (networkWorld === undefined || nic?.forwards !== true) return false;
  const sender = networkWorld.interfaces.find(
    ({ network, addresses }) => network === nic.network && addresses.includes(source),
  );
  if (sender === undefined) return false;
  const route = routeTo(effectiveRoutes(networkWorld, sender.network, sender.subnet), destination);
  return route?.nextHopType === 'VirtualAppliance' && nic.addresses.includes(route.nextHopAddress ?? '');
}

function interfaceOf({ interfaces }: NetworkWorld, node: string): NetworkInterface | undefined {
  return interfaces.find(({ id }) => id === `node:${node}/${nodeLink}`);
}

/** Whether an address is of the virtual networks' own space, which the internet does not reach. */
export function isPrivateIn({ networkWorld }: ClusterIndex, text: string): boolean {
  const address = parseAddress(text);
  if (networkWorld === undefined || address === undefined) return false;
  const spaces = [...networkWorld.networks.values()].flatMap(({ spec }) => spec.addressSpace);
  return spaces.flatMap((space) => parsePrefix(space) ?? []).some((space) => contains(space, address));
}
