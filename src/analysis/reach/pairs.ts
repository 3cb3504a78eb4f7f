import type { Address } from '../../lib/address.ts';
import { openPorts } from '../../model/policy/open-ports.ts';
import type { DirectionPolicy } from '../../model/policy/port.ts';
import { intersectPorts, portSetKey, type PortSet } from '../../model/policy/port-set.ts';
import type { Group } from './groups.ts';
import type { Party, ReachNetworks } from './networks.ts';

/**
 * The ports open between the pods of two groups, each pair computed once: one set where the families agree, else one
 * for each family that both speak; none where there is no such family.
 */
export function createPairs(
  networks: ReachNetworks | undefined,
): (source: Group, destination: Group) => readonly PortSet[] {
  const known: (readonly PortSet[])[][] = [];
  return (source, destination) => {
    const row = (known[source.id] ??= []);
    return (row[destination.id] ??= distinctPorts(
      addressPairs(source, destination).map((ends) =>
        throughNetworks(networks, { source, destination, ends }, portsBetween(source, destination, ends)),
      ),
    ));
  };
}

/** What virtual networks leave of the ports that policies open. */
function throughNetworks(networks: ReachNetworks | undefined, pair: Pair, ports: PortSet): PortSet {
  const crossing = crossingOf(pair);
  if (networks === undefined || crossing === undefined || portSetKey(ports) === '') return ports;
  return intersectPorts(ports, networks.between(crossing.source, crossing.destination).ports);
}

export interface Pair {
  readonly source: Group;
  readonly destination: Group;
  readonly ends: Ends;
}

/** Who of two groups meet in virtual networks; undefined where nobody does, for all are on one node or in none. */
export function crossingOf({
  source,
  destination,
  ends,
}: Pair): { readonly source: Party; readonly destination: Party } | undefined {
  if (ends.from?.family !== 'IPv4' || ends.to?.family !== 'IPv4') return undefined;
  if (source.party === undefined || destination.party === undefined) return undefined;
  const isOneNode = source.node !== undefined && source.node === destination.node;
  return isOneNode ? undefined : { source: source.party, destination: destination.party };
}

/** Each set once. */
export function distinctPorts(sets: readonly PortSet[]): PortSet[] {
  return [...new Map(sets.map((ports) => [portSetKey(ports), ports])).values()];
}

export interface Ends {
  readonly from: Address | undefined;
  readonly to: Address | undefined;
}

/** Per family the addresses of both ends; an end without any address is asked about without. */
export function addressPairs({ sendsFrom }: Group, { receivesAt }: Group): Ends[] {
  if (sendsFrom.length === 0) return orNothing(receivesAt).map((to) => ({ from: undefined, to }));
  if (receivesAt.length === 0) return sendsFrom.map((from) => ({ from, to: undefined }));
  return sendsFrom.flatMap((from) =>
    receivesAt.filter((to) => to.family === from.family).map((to) => ({ from, to })),
  );
}

const orNothing = (addresses: readonly Address[]): readonly (Address | undefined)[] =>
  addresses.length === 0 ? [undefined] : addresses;

/** Both ends must allow; a node is above the policies of its own pods, and has none itself. */
function portsBetween(source: Group, destination: Group, { from, to }: Ends): PortSet {
  const isResident = source.node !== undefined && source.node === destination.node;
  if (isResident && (source.isHost || destination.isHost)) return 'all';
  return intersectPorts(
    open(source.policy.egress, destination.peerClass, to),
    open(destination.policy.ingress, source.peerClass, from),
  );
}

/** A pod without an address is in no range, nor is the unspecified address outside of `0.0.0.0/8`. */
function open(policy: DirectionPolicy, peerClass: number, address: Address | undefined): PortSet {
  if (address !== undefined) return openPorts(policy, { peerClass, address });
  return openPorts({ ...policy, ranges: [] }, { peerClass, address: { family: 'IPv4', value: 0n } });
}
