import type { Nftables } from '../kernel/nft/port.ts';
import type { PodPolicy } from '../model/policy/port.ts';
import { podLinkPrefix } from '../plan/links/node.ts';
import { peerElements, podElements, type LocalPod, type PortGroups } from '../plan/policy/elements.ts';
import { policySets, policySkeleton, policyTable } from '../plan/policy/skeleton.ts';
import { createManagedTable } from './table.ts';

/** NetworkPolicy of one node's pods. */
export interface PolicyEnforcer {
  start(): void;
  /** Stages one of the node's own pods; undefined withdraws it, and what it sends is dropped from then on. */
  setLocalPod(key: string, pod: LocalPod | undefined, policy: PodPolicy): void;
  /** Stages the peer class of a pod anywhere; undefined withdraws its address. */
  setPeer(key: string, address: string | undefined, peerClass: number): void;
  commit(): number;
  repair(): number;
  cleanup(): void;
}

export interface PolicyEnforcerOptions {
  readonly nft: Nftables;
  readonly netns: string;
  /** The node's own addresses, which every pod of the node lets in. */
  readonly residents: readonly string[];
  readonly groups: PortGroups;
}

export function createPolicyEnforcer({
  nft,
  netns,
  residents,
  groups,
}: PolicyEnforcerOptions): PolicyEnforcer {
  const table = createManagedTable({
    nft,
    netns,
    table: policyTable,
    types: policySets,
    skeleton: policySkeleton({ podLinkPrefix }),
    sets: () => Object.keys(policySets),
  });
  return {
    start() {
      table.start();
      table.set(
        'node',
        residents.map((address) => ({ set: 'resident', key: [address] })),
      );
    },
    setLocalPod(key, pod, policy) {
      table.set(`pod ${key}`, pod === undefined ? [] : podElements(pod, policy, groups));
    },
    setPeer(key, address, peerClass) {
      table.set(`peer ${key}`, address === undefined ? [] : peerElements(address, peerClass));
    },
    commit: () => table.commit(),
    repair: () => table.repair(),
    cleanup: () => table.cleanup(),
  };
}
