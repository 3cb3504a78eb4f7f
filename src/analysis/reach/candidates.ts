import type { Address, Family } from '../../lib/address.ts';
import type { AddressRange } from '../../lib/prefix.ts';
import type { DirectionPolicy } from '../../model/policy/port.ts';
import type { Group } from './groups.ts';

/** Groups that may be let through; the others certainly are not. */
export type Candidates = 'every' | readonly Group[];

/**
 * Finds whom allowances can be about without asking about everybody: most pods of a large cluster are isolated, and their
 * policies name few peers. `addressesOf` says by which addresses a group is met in this direction.
 */
export function createCandidates(
  groups: readonly Group[],
  addressesOf: (group: Group) => readonly Address[],
): (policy: DirectionPolicy) => Candidates {
  const byClass = Map.groupBy(groups, ({ peerClass }) => peerClass);
  const byAddress = sortedByAddress(groups, addressesOf);
  const known = new Map<DirectionPolicy, Candidates>();

  const find = (policy: DirectionPolicy): Candidates => {
    if (isAboutEverybody(policy)) return 'every';
    const found = new Set<Group>();
    for (const peerClass of [...policy.classes.keys(), ...policy.rangesOfClasses.keys()]) {
      for (const group of byClass.get(peerClass) ?? []) found.add(group);
    }
    for (const { range } of policy.ranges) {
      for (const group of inRange(byAddress[range.first.family], range)) found.add(group);
    }
    return [...found];
  };

  return (policy) => {
    const candidates = known.get(policy) ?? find(policy);
    known.set(policy, candidates);
    return candidates;
  };
}

/** Where tiers other than NetworkPolicy have a say, each peer has to be looked up. */
function isAboutEverybody({ isolatedBy, anywhere, verdicts }: DirectionPolicy): boolean {
  return verdicts !== undefined || isolatedBy.length === 0 || anywhere === 'all' || anywhere.length > 0;
}

interface Placed {
  readonly value: bigint;
  readonly group: Group;
}

function sortedByAddress(
  groups: readonly Group[],
  addressesOf: (group: Group) => readonly Address[],
): Readonly<Record<Family, readonly Placed[]>> {
  const placed: Record<Family, Placed[]> = { IPv4: [], IPv6: [] };
  for (const group of groups) {
    for (const { family, value } of addressesOf(group)) placed[family].push({ value, group });
  }
  for (const list of Object.values(placed)) list.sort((a, b) => (a.value < b.value ? -1 : 1));
  return placed;
}

function* inRange(placed: readonly Placed[], { first, last }: AddressRange): Generator<Group> {
  let [low, high] = [0, placed.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((placed[middle]?.value ?? first.value) < first.value) low = middle + 1;
    else high = middle;
  }
  for (let at = low; at < placed.length; at += 1) {
    const one = placed[at];
    if (one === undefined || one.value > last.value) return;
    yield one.group;
  }
}
