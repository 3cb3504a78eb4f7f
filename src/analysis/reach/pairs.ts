import type { Address } from '../../lib/address.ts';
import { openPorts } from '../../model/policy/open-ports.ts';
import type { DirectionPolicy } from '../../model/policy/port.ts';
import { intersectPorts, type PortSet } from '../../model/policy/port-set.ts';
import type { Group } from './groups.ts';

/** The ports open between the pods of two groups, each pair computed once. */
export function createPairs(): (source: Group, destination: Group) => PortSet {
  const known: PortSet[][] = [];
  return (source, destination) => {
    const row = (known[source.id] ??= []);
    return (row[destination.id] ??= portsBetween(source, destination));
  };
}

/** Both ends must allow; a node is above the policies of its own pods, and has none itself. */
function portsBetween(source: Group, destination: Group): PortSet {
  const isResident = source.node !== undefined && source.node === destination.node;
  if (isResident && (source.isHost || destination.isHost)) return 'all';
  return intersectPorts(
    open(source.policy.egress, destination.peerClass, destination.receivesAt),
    open(destination.policy.ingress, source.peerClass, source.sendsFrom),
  );
}

/** A pod without an address is in no range, nor is the unspecified address outside of `0.0.0.0/8`. */
function open(policy: DirectionPolicy, peerClass: number, address: Address | undefined): PortSet {
  if (address !== undefined) return openPorts(policy, { peerClass, address });
  return openPorts({ ...policy, ranges: [] }, { peerClass, address: { family: 'IPv4', value: 0n } });
}
