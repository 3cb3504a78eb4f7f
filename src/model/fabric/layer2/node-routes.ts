import type { NodeRoute } from '../../../api/types/layer2.ts';
import { parseAddress } from '../../../lib/address.ts';
import { contains, formatPrefix, parsePrefix, type Prefix } from '../../../lib/prefix.ts';
import type { NetworkConfig } from '../../network/config.ts';
import { labAddressesOf } from '../../network/lab-addresses.ts';
import type { MachineRoute } from '../machines.ts';

/** An interface of a node's machine, as far as routes are concerned. */
export interface RoutedInterface {
  /** As its VirtualMachine calls it. */
  readonly name: string;
  /** The machine's own name of it. */
  readonly link: string;
  readonly prefix: Prefix | undefined;
  /** False where it has its address by DHCP. */
  readonly isStatic: boolean;
  readonly gateway: string | undefined;
}

/** The routes that a machine takes, and why not the others, by the name of the NodeRoute. */
export interface TakenRoutes {
  readonly routes: readonly MachineRoute[];
  readonly problems: ReadonlyMap<string, RouteProblem>;
}

export interface RouteProblem {
  readonly message: string;
  /** It may be added before its interface is there. */
  readonly isForNow: boolean;
}

export type ClusterRanges = Pick<NetworkConfig, 'podCidrs' | 'serviceCidrs'>;

/**
 * Which NodeRoutes a node's machine takes. Of two with the same destination and metric, between which nothing would
 * choose, the older one.
 */
export function takenRoutes(
  interfaces: readonly RoutedInterface[],
  routes: Iterable<NodeRoute>,
  ranges: ClusterRanges,
): TakenRoutes {
  const taken = new Map<string, { readonly name: string; readonly route: MachineRoute }>();
  const problems = new Map<string, RouteProblem>();
  for (const { metadata, spec } of [...routes].toSorted(byAge)) {
    const why = refusal(interfaces, spec, ranges);
    const key = `${spec.destination} ${spec.metric}`;
    const other = taken.get(key);
    if (why !== undefined) problems.set(metadata.name, why);
    else if (other !== undefined) {
      const message = `${other.name} has the same destination and metric: choose another metric`;
      problems.set(metadata.name, { message, isForNow: false });
    } else {
      const link = interfaces.find(({ name }) => name === spec.interface)?.link ?? spec.interface;
      const from = { kind: 'NodeRoute', key: metadata.name, path: 'spec.destination' };
      const route = { destination: spec.destination, via: spec.nextHop, metric: spec.metric, link, from };
      taken.set(key, { name: metadata.name, route });
    }
  }
  return { routes: [...taken.values()].map(({ route }) => route), problems };
}

/**
 * Why a machine with these interfaces cannot take a route; undefined when it can. A route belongs to an interface that
 * has an address of its own for good, and that the machine does not leave by anyway.
 */
function refusal(
  interfaces: readonly RoutedInterface[],
  spec: NodeRoute['spec'],
  ranges: ClusterRanges,
): RouteProblem | undefined {
  const own = destinationProblem(spec, ranges);
  if (own !== undefined) return { message: own, isForNow: false };
  const nic = interfaces.find(({ name }) => name === spec.interface);
  if (nic === undefined) {
    const names = interfaces.map(({ name }) => name).join(', ');
    const message = `there is no interface ${spec.interface}: the machine has ${names}`;
    return { message, isForNow: true };
  }
  const message = interfaceProblem(nic, spec.nextHop);
  return message === undefined ? undefined : { message, isForNow: false };
}

function interfaceProblem(nic: RoutedInterface, nextHop: string): string | undefined {
  if (nic.gateway !== undefined) {
    return `${nic.name} has a gateway (${nic.gateway}): routes are for interfaces of a segment without one`;
  }
  if (!nic.isStatic) {
    return `${nic.name} has its address by DHCP: give it one of its own (addresses of the VirtualMachine's interface)`;
  }
  const hop = parseAddress(nextHop);
  if (nic.prefix === undefined || hop === undefined || !contains(nic.prefix, hop)) {
    const where = nic.prefix === undefined ? 'which has no prefix' : formatPrefix(nic.prefix);
    return `next hop ${nextHop} is not on the segment of ${nic.name}, ${where}`;
  }
  return undefined;
}

/** What is wrong with a route whatever the machine; undefined when nothing is. */
export function destinationProblem(
  { destination, nextHop }: Pick<NodeRoute['spec'], 'destination' | 'nextHop'>,
  { podCidrs, serviceCidrs }: ClusterRanges,
): string | undefined {
  const [prefix, hop] = [parsePrefix(destination), parseAddress(nextHop)];
  if (prefix === undefined) return `destination ${destination} is not a CIDR, such as 192.168.21.0/24`;
  if (formatPrefix(prefix) !== destination) {
    return `destination ${destination} has bits set beyond its length: write ${formatPrefix(prefix)}`;
  }
  if (hop === undefined) return `next hop ${nextHop} is not an IP address`;
  if (hop.family !== prefix.family) return `next hop ${nextHop} is of another family than ${destination}`;
  if (contains(prefix, hop)) return `next hop ${nextHop} is itself in the destination ${destination}`;
  const reserved = [...podCidrs, ...serviceCidrs, labAddressesOf[prefix.family].segment];
  const inside = reserved.find((text) => isWithin(prefix, parsePrefix(text)));
  return inside === undefined ? undefined : `${destination} is of the cluster's own ${inside}`;
}

function isWithin(prefix: Prefix, other: Prefix | undefined): boolean {
  return other !== undefined && prefix.length >= other.length && contains(other, prefix.network);
}

function byAge(a: NodeRoute, b: NodeRoute): number {
  const [one, other] = [a, b].map(({ metadata }) => `${metadata.creationTimestamp ?? '9'} ${metadata.name}`);
  return (one ?? '') < (other ?? '') ? -1 : 1;
}
