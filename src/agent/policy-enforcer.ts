import type { Nftables } from '../kernel/nft/port.ts';
import { inFamily, type Family } from '../lib/address.ts';
import type { PodPolicy } from '../model/policy/port.ts';
import { podInterface, podLinks, type LinkTraits } from '../plan/links/node.ts';
import { peerElements, podElements, type PortGroups } from '../plan/policy/elements.ts';
import { createClassCount, policyLingering } from '../plan/policy/lingering.ts';
import { policySets, policySkeleton, policyTables } from '../plan/policy/skeleton.ts';
import { createManagedTable } from '../reconcile/nft-table.ts';
import { createPolicyRows } from './policy-rows.ts';

/** NetworkPolicy of one node's pods in one address family. */
export interface PolicyEnforcer {
  start(): void;
  /** Stages one of the node's own pods; undefined withdraws it, and what it sends is dropped from then on. */
  setLocalPod(key: string, pod: EnforcedPod | undefined, policy: PodPolicy): void;
  /** Stages the peer class of a pod anywhere; without an address of this family it is withdrawn. */
  setPeer(key: string, addresses: readonly string[], peerClass: number): void;
  commit(): number;
  tidy(): void;
  repair(): number;
  cleanup(): void;
}

/** A pod of the node, with its own addresses of all families. */
export interface EnforcedPod {
  readonly uid: string;
  readonly addresses: readonly string[];
}

export interface PolicyEnforcerOptions {
  readonly nft: Nftables;
  readonly netns: string;
  readonly family: Family;
  /** The node's own addresses of this family, which every pod of the node lets in. */
  readonly residents: readonly string[];
  readonly groups: PortGroups;
  readonly traits: Pick<LinkTraits, 'wiring'>;
}

export function createPolicyEnforcer({
  nft,
  netns,
  family,
  residents,
  groups,
  traits,
}: PolicyEnforcerOptions): PolicyEnforcer {
  const peers = createClassCount();
  const table = createManagedTable({
    lingering: policyLingering(peers.isEmpty),
    nft,
    netns,
    table: policyTables[family],
    types: policySets[family],
    skeleton: policySkeleton({ podLinks: podLinks(traits), family }),
    sets: () => Object.keys(policySets[family]),
  });
  const rows = createPolicyRows({ table, family, groups });
  return {
    start() {
      table.start();
      table.set(
        'node',
        residents.map((address) => ({ set: 'resident', key: [address] })),
      );
    },
    setLocalPod(key, pod, policy) {
      const address = inFamily(pod?.addresses ?? [], family);
      const isHere = pod !== undefined && address !== undefined;
      const local = isHere ? { address, link: podInterface(traits, pod.uid) } : undefined;
      table.set(`pod ${key}`, local === undefined ? [] : podElements(local, policy, groups));
      rows.use(key, isHere ? policy : undefined);
    },
    setPeer(key, addresses, peerClass) {
      const address = inFamily(addresses, family);
      peers.set(key, address === undefined ? 0 : peerClass);
      table.set(`peer ${key}`, address === undefined ? [] : peerElements(address, peerClass));
    },
    commit: () => table.commit(),
    tidy: () => table.tidy(),
    repair: () => table.repair(),
    cleanup: () => table.cleanup(),
  };
}
