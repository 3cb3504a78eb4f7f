import type { Address } from '../../lib/address.ts';
import type { DirectionPolicy } from '../../model/policy/port.ts';
import { rowsOf } from '../../model/policy/rows.ts';

/**
 * Cuts the address space at every bound of every range in the policies: addresses between two cuts cannot be told
 * apart by them. The answer is the number of the cell that an address falls in.
 */
export function createAddressCells(policies: Iterable<DirectionPolicy>): (address: Address) => string {
  const cuts = { IPv4: new Set<bigint>(), IPv6: new Set<bigint>() };
  for (const { ranges, verdicts } of policies) {
    const rows = verdicts === undefined ? [] : rowsOf(verdicts).flatMap(({ stem }) => stem.ranges);
    for (const { range } of [...ranges, ...rows]) {
      cuts[range.first.family].add(range.first.value).add(range.last.value + 1n);
    }
  }
  const ascending = (values: Set<bigint>): bigint[] => [...values].sort((a, b) => (a < b ? -1 : 1));
  const sorted = { IPv4: ascending(cuts.IPv4), IPv6: ascending(cuts.IPv6) };
  return ({ family, value }) => `${family} ${countUpTo(sorted[family], value)}`;
}

/** How many of the ascending values are not above the limit. */
function countUpTo(values: readonly bigint[], limit: bigint): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? 0n) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
