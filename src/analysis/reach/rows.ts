import { once } from '../../lib/once.ts';
import type { PortSet } from '../../model/policy/port-set.ts';
import { createCandidates, type Candidates } from './candidates.ts';
import type { Group } from './groups.ts';
import type { ReachNetworks } from './networks.ts';
import { createPairs } from './pairs.ts';

/** Who reaches whom between groups; what is asked twice is computed once. */
export interface GroupRows {
  /** The groups that the source has ports open to, in no order; itself among them where its pods reach each other. */
  reachedFrom(source: Group): readonly Group[];
  /** The groups that have ports open to the destination. */
  reaching(destination: Group): readonly Group[];
  /** See `createPairs`. */
  between(source: Group, destination: Group): readonly PortSet[];
}

/** Looks only at pairs that both ends may be about: the cost follows what is open, not the square of the cluster. */
export function createRows(groups: readonly Group[], networks: ReachNetworks | undefined): GroupRows {
  const between = createPairs(networks);
  const toWhom = createCandidates(groups, ({ receivesAt }) => receivesAt);
  const fromWhom = createCandidates(groups, ({ sendsFrom }) => sendsFrom);
  const named = {
    to: ({ policy }: Group) => toWhom(policy.egress),
    from: ({ policy }: Group) => fromWhom(policy.ingress),
  };
  const destinations = createPlausible(groups, named.to, named.from);
  const sources = createPlausible(groups, named.from, named.to);
  const known = new Map<Group, readonly Group[]>();
  return {
    between,
    reachedFrom(source) {
      const row =
        known.get(source) ?? destinations(source).filter((one) => between(source, one).some(hasPorts));
      known.set(source, row);
      return row;
    },
    reaching: (destination) => sources(destination).filter((one) => between(one, destination).some(hasPorts)),
  };
}

type NamedBy = (group: Group) => Candidates;

/** Whom a group may have to do with: those that its own allowances name, or those whose allowances name it. */
function createPlausible(
  groups: readonly Group[],
  named: NamedBy,
  namedByOthers: NamedBy,
): (group: Group) => readonly Group[] {
  const others = once(() => ({
    open: groups.filter((group) => namedByOthers(group) === 'every'),
    closed: reverse(groups, namedByOthers),
  }));
  const residents = once(() => residentsOf(groups));
  return (group) => {
    const own = named(group);
    const { open, closed } = others();
    const theirs = closed.get(group) ?? [];
    const found = own !== 'every' && own.length <= open.length + theirs.length ? own : [...open, ...theirs];
    const alwaysOpen = residents()(group);
    return alwaysOpen.length === 0 ? found : [...new Set([...found, ...alwaysOpen])];
  };
}

const hasPorts = (ports: PortSet): boolean => ports === 'all' || ports.length > 0;

/** By each group those whose allowances name it; not those that are about everybody. */
function reverse(groups: readonly Group[], named: NamedBy): ReadonlyMap<Group, readonly Group[]> {
  const naming = new Map<Group, Group[]>();
  for (const group of groups) {
    const peers = named(group);
    for (const peer of peers === 'every' ? [] : peers) {
      const list = naming.get(peer);
      if (list === undefined) naming.set(peer, [group]);
      else list.push(group);
    }
  }
  return naming;
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
