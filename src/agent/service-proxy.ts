import type { Nftables } from '../kernel/nft/port.ts';
import { familyOf } from '../lib/address.ts';
import type { ServicePortModel } from '../model/services/port.ts';
import { serviceSetTypes, type ServicePlanner } from '../plan/services/elements.ts';
import {
  emptySize,
  growServices,
  serviceSets,
  servicesSkeleton,
  servicesTables,
  type ServicesNode,
} from '../plan/services/skeleton.ts';
import { createManagedTable } from './table.ts';

/** The Service proxy of one node in one address family. */
export interface ServiceProxy {
  start(): void;
  /** Stages a Service's ports of this family; none withdraws the Service. */
  set(service: string, ports: readonly ServicePortModel[]): void;
  /** Programs what is staged, in one transaction. Returns how many elements changed. */
  commit(): number;
  repair(): number;
  cleanup(): void;
}

export interface ServiceProxyOptions {
  readonly nft: Nftables;
  readonly netns: string;
  readonly node: ServicesNode;
  readonly planner: ServicePlanner;
}

/** Slots that every table starts with, enough for most Services. */
const initialCounts = [1, 2, 3, 4];

export function createServiceProxy({ nft, netns, node, planner }: ServiceProxyOptions): ServiceProxy {
  const family = familyOf(node.nodeAddress);
  let size = emptySize;
  /** Every count of endpoints that there has been. */
  const counts = new Set(initialCounts);
  const table = createManagedTable({
    nft,
    netns,
    table: servicesTables[family],
    types: serviceSetTypes(family),
    skeleton: servicesSkeleton(node),
    *sets() {
      yield* Object.keys(serviceSets[family]);
      for (let slot = 0; slot < size.slots; slot++) yield `slot-${slot}`;
    },
    onLaidOut() {
      size = emptySize;
      grow(counts);
    },
  });

  const grow = (wanted: Iterable<number>): void => {
    for (const count of wanted) counts.add(count);
    const growth = growServices(size, wanted, family);
    if (growth === undefined) return;
    table.grow(growth.commands);
    size = growth.size;
  };

  return {
    start() {
      table.start();
      grow(initialCounts);
      table.set('node', [{ set: 'node-port-addresses', key: [node.nodeAddress] }]);
    },
    set(service, ports) {
      grow(ports.filter((port) => port.family === family).map((port) => port.endpoints.length));
      table.set(service, planner.elementsOf(ports, family));
    },
    commit: () => table.commit(),
    repair: () => table.repair(),
    cleanup: () => table.cleanup(),
  };
}
