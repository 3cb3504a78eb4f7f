import type { PortSet } from '../../model/policy/port-set.ts';
import { createCandidates } from './candidates.ts';
import type { Group } from './groups.ts';
import { createPairs } from './pairs.ts';

/** Who reaches whom between groups; what is asked twice is computed once. */
export interface GroupRows {
  /** The groups that the source has ports open to, in no order; itself among them where its pods reach each other. */
  reachedFrom(source: Group): readonly Group[];
  /** See `createPairs`. */
  between(source: Group, destination: Group): readonly PortSet[];
}

/** Looks only at pairs that both ends may be about: the cost follows what is open, not the square of the cluster. */
export function createRows(groups: readonly Group[]): GroupRows {
  const between = createPairs();
  const toWhom = createCandidates(groups, ({ receivesAt }) => receivesAt);
  const fromWhom = createCandidates(groups, ({ sendsFrom }) => sendsFrom);
  const open = groups.filter(({ policy }) => fromWhom(policy.ingress) === 'every');
  const closed = reverse(groups, (group) => fromWhom(group.policy.ingress));
  const residents = residentsOf(groups);
  const known = new Map<Group, readonly Group[]>();

  const plausible = (source: Group): Iterable<Group> => {
    const byEgress = toWhom(source.policy.egress);
    const byIngress = closed.get(source) ?? [];
    const isShorter = byEgress !== 'every' && byEgress.length <= open.length + byIngress.length;
    const found = isShorter ? byEgress : [...open, ...byIngress];
    const alwaysOpen = residents(source);
    return alwaysOpen.length === 0 ? found : new Set([...found, ...alwaysOpen]);
  };

  return {
    between,
    reachedFrom(source) {
      const row =
        known.get(source) ??
        [...plausible(source)].filter((destination) => between(source, destination).some(hasPorts));
      known.set(source, row);
      return row;
    },
  };
}

const hasPorts = (ports: PortSet): boolean => ports === 'all' || ports.length > 0;

/** By source the destinations whose allowances name it. */
function reverse(
  groups: readonly Group[],
  sourcesOf: (group: Group) => 'every' | readonly Group[],
): ReadonlyMap<Group, readonly Group[]> {
  const destinations = new Map<Group, Group[]>();
  for (const destination of groups) {
    const sources = sourcesOf(destination);
    for (const source of sources === 'every' ? [] : sources) {
      const list = destinations.get(source);
      if (list === undefined) destinations.set(source, [destination]);
      else list.push(destination);
    }
  }
  return destinations;
}

/** A node and its pods reach each other whatever policies say. */
function residentsOf(groups: readonly Group[]): (source: Group) => readonly Group[] {
  if (!groups.some(({ isHost }) => isHost)) return () => [];
  const onNode = Map.groupBy(groups, ({ node }) => node);
  return ({ node, isHost }) => {
    if (node === undefined) return [];
    const there = onNode.get(node) ?? [];
    return isHost ? there : there.filter((one) => one.isHost);
  };
}
