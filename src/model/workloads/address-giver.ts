import { fabricResources, resourceOf } from '../../api/resources.ts';
import type { Node } from '../../api/types/core.ts';
import type { VirtualMachine, VirtualNetwork } from '../../api/types/fabric.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { formatAddress } from '../../lib/address.ts';
import { machineAddresses, podRoomOf, podSubnetOf, subnetModeOf } from '../addressing/pod-subnets.ts';
import type { Room } from '../addressing/ledger.ts';
import type { NetworkConfig } from '../network/config.ts';
import { freePodAddresses } from '../network/places.ts';
import type { NodePlace } from '../network/topology.ts';

/** Finds addresses for the next pod of a node, which `used` does not hold; undefined where there are none left. */
export type AddressGiver = (place: NodePlace, used: ReadonlySet<string>) => readonly string[] | undefined;

/** Of the node's own blocks, or of the subnet that the model has pods' addresses from, as these objects describe it. */
export function createAddressGiver(
  objects: readonly KubernetesObject[],
  nodes: readonly Node[],
  config: NetworkConfig,
): AddressGiver {
  const mode = subnetModeOf(config);
  if (mode === undefined) return freePodAddresses;
  const described = ofKind<VirtualNetwork>(objects, fabricResources.virtualnetworks.kind);
  const machines = machineAddresses(
    nodes,
    ofKind<VirtualMachine>(objects, fabricResources.virtualmachines.kind),
  );
  const rooms = new Map<string, Iterator<string>>();
  return ({ address }, used) => {
    const subnet = podSubnetOf(config, address, described);
    if (subnet === undefined) return undefined;
    const room = rooms.get(subnet.id) ?? addressesOf(podRoomOf(subnet, mode, machines));
    rooms.set(subnet.id, room);
    for (let next = room.next(); next.done !== true; next = room.next()) {
      if (!used.has(next.value)) return [next.value];
    }
    return undefined;
  };
}

function ofKind<T extends KubernetesObject>(objects: readonly KubernetesObject[], kind: string): T[] {
  // What is of the kind is of the kind's type.
  return objects.filter((object) => resourceOf(object)?.kind === kind) as T[];
}

function* addressesOf({ ranges, order }: Room): Generator<string, undefined> {
  const ascending = ranges.toSorted((a, b) => (a.first.value < b.first.value ? -1 : 1));
  for (const { first, last } of order === 'lowest' ? ascending : ascending.toReversed()) {
    const size = last.value - first.value;
    for (let step = 0n; step <= size; step += 1n) {
      yield formatAddress({ ...first, value: order === 'lowest' ? first.value + step : last.value - step });
    }
  }
}
