import type { Nftables } from '../../kernel/nft/port.ts';
import { familyOf } from '../../lib/address.ts';
import type { AddressRange } from '../../lib/prefix.ts';
import type { ServicePortModel } from '../../model/services/port.ts';
import {
  rangeElements,
  serviceSetTypes,
  type PlannedNode,
  type ServicePlanner,
} from '../../plan/services/elements.ts';
import {
  serviceSets,
  servicesSkeleton,
  servicesTables,
  type ServicesNode,
} from '../../plan/services/skeleton.ts';
import { emptySize, growServices, slotsLinger, type SlotChain } from '../../plan/services/slots.ts';
import { createSessionAffinity } from './session-affinity.ts';
import { createManagedTable } from '../../reconcile/nft-table.ts';

/** The Service proxy of one node in one address family. */
export interface ServiceProxy {
  start(): void;
  /** Stages a Service's ports of this family; none withdraws the Service. */
  set(service: string, ports: readonly ServicePortModel[]): void;
  /** Stages all Services, of which none was staged before, with their ports of any family. */
  setAll(services: ReadonlyMap<string, readonly ServicePortModel[]>): void;
  /** Stages ranges of both families: see `rangeElements`. */
  setRanges(set: RangeSet, ranges: readonly AddressRange[]): void;
  /**
   * Programs what is staged: of `setAll` what all nodes have in common in one transaction, and the rest in another. Returns
   * how many elements changed.
   */
  commit(): number;
  tidy(): void;
  repair(): number;
  cleanup(): void;
}

type RangeSet = Parameters<typeof rangeElements>[0];

export interface ServiceProxyOptions {
  readonly nft: Nftables;
  readonly netns: string;
  readonly node: ServicesNode;
  /** Who chooses among endpoints: the node as it is now, for its zone may change. */
  readonly chooser: () => PlannedNode;
  readonly planner: ServicePlanner;
  /** Where node ports answer now, in any family. */
  readonly nodePortAddresses: () => readonly string[];
}

/** Chains that every table starts with, enough for most Services. */
const initialChains: readonly SlotChain[] = [{ count: 1, affinitySeconds: undefined }];

const keyOf = ({ count, affinitySeconds = 0 }: SlotChain): string => `${count} ${affinitySeconds}`;

export function createServiceProxy(options: ServiceProxyOptions): ServiceProxy {
  const { nft, netns, node, planner, chooser } = options;
  const family = familyOf(node.nodeAddress);
  const types = serviceSetTypes(family);
  let size = emptySize;
  const staged = new Map<RangeSet, readonly AddressRange[]>();
  /** Every chain that was ever needed. */
  const chains = new Map(initialChains.map((chain) => [keyOf(chain), chain]));
  const affinity = createSessionAffinity({ nft, netns, family });
  const table = createManagedTable({
    lingering: slotsLinger,
    nft,
    netns,
    table: servicesTables[family],
    types,
    skeleton: servicesSkeleton(node),
    *sets() {
      yield* Object.keys(serviceSets[family]);
      for (let slot = 0; slot < size.slots; slot++) yield `slot-${slot}`;
    },
    growth() {
      const growth = growServices(emptySize, chains.values(), family);
      size = growth?.size ?? emptySize;
      return growth?.commands ?? '';
    },
  });

  const grow = (wanted: readonly SlotChain[]): void => {
    for (const chain of wanted) chains.set(keyOf(chain), chain);
    const growth = growServices(size, wanted, family);
    if (growth === undefined) return;
    table.grow(growth.commands);
    size = growth.size;
  };

  const stageNode = (): void => {
    const addresses = options.nodePortAddresses().filter((address) => familyOf(address) === family);
    table.set(
      'node',
      addresses.map((address) => ({ set: 'node-port-addresses', key: [address] })),
    );
  };

  const set: ServiceProxy['set'] = (service, ports) => {
    const plan = planner.plan(service, ports, family, chooser());
    grow(plan.chains);
    table.set(service, plan.elements);
    affinity.set(service, plan.bound);
  };

  return {
    start() {
      table.start();
      grow(initialChains);
      stageNode();
    },
    set,
    setAll(services) {
      const { claims, chains: wanted } = planner.common(services, family, chooser());
      grow(wanted);
      table.takeOver(claims);
      for (const [service, ports] of services) if (!claims.owned.has(service)) set(service, ports);
    },
    setRanges(set, ranges) {
      if (ranges === staged.get(set)) return;
      staged.set(set, ranges);
      table.set(set, rangeElements(set, ranges, family));
    },
    commit() {
      const changed = table.commit();
      affinity.purge();
      return changed;
    },
    tidy: () => table.tidy(),
    repair() {
      stageNode();
      return table.repair();
    },
    cleanup: () => table.cleanup(),
  };
}
