import type { NamespaceState, Route } from '../kernel/route/port.ts';
import { machineNetns, segmentNetns } from '../model/fabric/default-fabric.ts';
import { dhcpNetns, hostNetns } from '../model/fabric/layer2/world.ts';
import { virtualMachineNetns } from '../model/fabric/network/machine-interfaces.ts';
import { restrictTo } from '../plan/links/diff.ts';
import { isAgentLink, nodeLink } from '../plan/links/node.ts';
import { isUplink } from '../plan/links/uplink.ts';

/** Of these namespaces, those that an earlier process may have made for what is gone since. */
export function leftBehind(netns: readonly string[]): string[] {
  const prefixes = [segmentNetns(''), virtualMachineNetns(''), hostNetns(''), dhcpNetns({ key: '' })];
  return netns.filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
}

/**
 * The fabric's part of a namespace that is there already: all of the one that forwards between networks. In a node's
 * namespace the agents have links, and routes on the fabric's links too: of routes only those can be told to be the
 * fabric's that it wants now. Other clusters have cables in a switch.
 */
export function ownPart(netns: string, actual: NamespaceState, desired: NamespaceState): NamespaceState {
  if (netns === machineNetns.networks) return actual;
  const found = restrictTo(actual, (link) => !isAgentLink(link) && !isUplink(link));
  const destinations = new Set(desired.routes.map(({ destination }) => destination));
  // On a node's further interfaces nobody else has routes.
  const isOwn = ({ destination, link }: Route): boolean =>
    destinations.has(destination) ||
    (desired.links.has(link) && link !== nodeLink && desired.links.has(nodeLink));
  return { ...found, routes: found.routes.filter(isOwn) };
}
