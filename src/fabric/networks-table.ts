import type { Nftables } from '../kernel/nft/port.ts';
import { machineNetns } from '../model/fabric/default-fabric.ts';
import type { NetworkWorld } from '../model/fabric/network/world.ts';
import { planNetworks, type NetworksPlan } from '../plan/networks/elements.ts';
import { networksSets, networksSkeleton, networksTable } from '../plan/networks/skeleton.ts';
import { createManagedTable, type ManagedTable } from '../reconcile/nft-table.ts';

/** The nftables table of the namespace that forwards between virtual networks. */
export interface NetworksTable {
  /** Sends what differs from the world before, as one transaction. Returns how many elements changed. */
  apply(world: NetworkWorld): number;
  /** Compares the kernel with the world applied last, and mends the difference. Returns how many things differed. */
  repair(): number;
  /** The namespace is gone, and the table with it. */
  forget(): void;
}

const netns = machineNetns.networks;

export function createNetworksTable(nft: Nftables): NetworksTable {
  let table: ManagedTable | undefined;
  let plan: NetworksPlan = { owners: new Map(), chains: new Map() };
  /** Names of the chains that are in the kernel. */
  const made = new Set<string>();

  /** Chains never change: those that nothing leads to any more stay until the table is laid out again. */
  const growth = ({ chains }: NetworksPlan): string => {
    const missing = [...chains.values()].filter(({ name }) => !made.has(name));
    for (const { name } of missing) made.add(name);
    return missing.map((chain) => chain.commands()).join('');
  };

  const grow = (to: ManagedTable, wanted: NetworksPlan): void => {
    const commands = growth(wanted);
    if (commands !== '') to.grow(commands);
  };

  const start = (): ManagedTable => {
    const started = createManagedTable({
      nft,
      netns,
      table: networksTable,
      types: networksSets,
      skeleton: networksSkeleton,
      sets: () => Object.keys(networksSets),
      growth() {
        made.clear();
        return growth(plan);
      },
    });
    started.start();
    return started;
  };

  return {
    apply(world) {
      table ??= start();
      const before = plan;
      plan = planNetworks(world);
      grow(table, plan);
      for (const owner of before.owners.keys()) if (!plan.owners.has(owner)) table.set(owner, []);
      for (const [owner, elements] of plan.owners) table.set(owner, elements);
      return table.commit();
    },
    repair() {
      if (table === undefined) return 0;
      return table.repair();
    },
    forget() {
      table = undefined;
      plan = { owners: new Map(), chains: new Map() };
      made.clear();
      nft.forget(netns);
    },
  };
}
