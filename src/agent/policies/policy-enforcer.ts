import type { Nftables } from '../../kernel/nft/port.ts';
import { familyOf, type Family } from '../../lib/address.ts';
import type { PodPolicy } from '../../model/policy/port.ts';
import { peerElements } from '../../plan/policy/elements.ts';
import { createClassCount, policyLingering } from '../../plan/policy/lingering.ts';
import type { PolicyTable } from '../../plan/policy/node-table.ts';
import { createClassNumbers, type FoundPeer, type PolicyNumbers } from '../../plan/policy/numbers.ts';
import { policySets } from '../../plan/policy/skeleton.ts';
import { createManagedTable } from '../../reconcile/nft-table.ts';
import { createPolicyRows } from './policy-rows.ts';

/** Policies of one node's pods, or about an interface of a pod, in one address family. */
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
  /** Beside those of classes, which each table has its own of. */
  readonly numbers: Pick<PolicyNumbers, 'groupOf' | 'rowOf'>;
  /** The peer class of whoever has an address, 0 when nobody has. */
  readonly classAt: (address: string) => number;
  readonly layout: PolicyTable;
  /** By which a pod is heard. */
  readonly linkOf: (uid: string) => string;
}

export function createPolicyEnforcer({
  nft,
  netns,
  family,
  residents,
  classAt,
  layout,
  linkOf,
  ...shared
}: PolicyEnforcerOptions): PolicyEnforcer {
  const peers = createClassCount();
  const table = createManagedTable({
    lingering: policyLingering(peers.isEmpty),
    nft,
    netns,
    ...layout,
    sets: () => Object.keys(layout.types),
  });
  const ofFamily = (addresses: readonly string[]): string[] =>
    addresses.filter((address) => familyOf(address) === family);
  let classOf = createClassNumbers([]);
  const numbers: PolicyNumbers = { ...shared.numbers, classOf: (peerClass) => classOf(peerClass) };
  const rows = createPolicyRows({ table, family, numbers });
  const foundPeers = (): FoundPeer[] => {
    const set = { ...layout.table, set: 'peers' };
    return nft.elements(netns, set, policySets[family].peers).map(({ key, value }) => ({
      number: value === undefined || 'verdict' in value ? 0 : Number(value[0]),
      peerClass: classAt(String(key[0])),
    }));
  };
  return {
    start() {
      table.start();
      classOf = createClassNumbers(foundPeers());
      table.set(
        'node',
        residents.map((address) => ({ set: 'resident', key: [address] })),
      );
    },
    setLocalPod(key, pod, policy) {
      const addresses = ofFamily(pod?.addresses ?? []);
      const link = pod === undefined ? '' : linkOf(pod.uid);
      table.set(`pod ${key}`, pod === undefined ? [] : layout.elements({ link, addresses }, policy, numbers));
      rows.use(key, addresses.length > 0 ? policy : undefined);
    },
    setPeer(key, all, peerClass) {
      const [addresses, number] = [ofFamily(all), classOf(peerClass)];
      peers.set(key, addresses.length === 0 ? 0 : number);
      table.set(
        `peer ${key}`,
        addresses.flatMap((address) => peerElements(address, number)),
      );
    },
    commit: () => table.commit(),
    tidy: () => table.tidy(),
    repair: () => table.repair(),
    cleanup: () => table.cleanup(),
  };
}
