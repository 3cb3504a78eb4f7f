import type { Pod } from '../../api/types/core.ts';
import { ownAddresses } from '../../model/network/pod-addresses.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import type { Party, ReachNetworks } from './networks.ts';

/** The pods of a cluster in its virtual networks. */
export interface Parties {
  /** By the pod's key; undefined for pods that are in none. */
  of(key: string): Party | undefined;
  /** Whether pods treated like this one are closed to others, or others to them, on the way between two nodes. */
  isClosed(party: Party): boolean;
}

/** Asks once for each pair of classes that meet between nodes. */
export function createParties(
  index: ClusterIndex,
  pods: ReadonlyMap<string, Pod>,
  networks: ReachNetworks,
): Parties {
  const parties = new Map<string, Party>();
  const classes = new Map<string, Party[]>();
  for (const [key, pod] of pods) {
    const party = partyOf(index, networks, pod);
    if (party === undefined) continue;
    parties.set(key, party);
    const known = classes.get(party.class) ?? [];
    classes.set(party.class, known);
    // Two of different nodes are enough to find a pair of any class that meets between nodes.
    if (known.length < 2 && known.every(({ node }) => node !== party.node)) known.push(party);
  }
  const closed = new Set<string>();
  for (const [source, those] of classes) {
    for (const [destination, others] of classes) {
      if (!isOpen(networks, those, others)) closed.add(source).add(destination);
    }
  }
  return { of: (key) => parties.get(key), isClosed: (party) => closed.has(party.class) };
}

/** Whether everything passes between pods of two classes; on one node everything does. */
function isOpen(networks: ReachNetworks, those: readonly Party[], others: readonly Party[]): boolean {
  for (const source of those) {
    const destination = others.find(({ node }) => node !== source.node);
    if (destination !== undefined) return networks.between(source, destination).ports === 'all';
  }
  return true;
}

function partyOf(index: ClusterIndex, networks: ReachNetworks, pod: Pod): Party | undefined {
  const { nodeName = '', hostNetwork } = pod.spec;
  if (hostNetwork !== true) {
    const [address] = ownAddresses(pod);
    return address === undefined ? undefined : networks.ofNode(nodeName, 'pod', address);
  }
  const place = index.places.get(nodeName);
  return place && networks.ofNode(nodeName, 'node', place.address);
}
