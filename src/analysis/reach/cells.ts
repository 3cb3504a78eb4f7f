import type { Address } from '../../lib/address.ts';
import type { AddressRange } from '../../lib/prefix.ts';

/** The address space, cut at bounds: addresses between two cuts are in one cell. */
export interface Cells {
  /** The cell that an address falls in; a text that is equal exactly for the same. */
  cellOf(address: Address): string;
  /** A range in as few parts as there are cells in it, ascending. */
  partsOf(range: AddressRange): AddressRange[];
}

/** Cells in which every one of these ranges begins and ends. */
export function createCells(ranges: Iterable<AddressRange>): Cells {
  const cuts = { IPv4: new Set<bigint>(), IPv6: new Set<bigint>() };
  for (const { first, last } of ranges) cuts[first.family].add(first.value).add(last.value + 1n);
  const ascending = (values: Set<bigint>): bigint[] => [...values].sort((a, b) => (a < b ? -1 : 1));
  const sorted = { IPv4: ascending(cuts.IPv4), IPv6: ascending(cuts.IPv6) };
  return {
    cellOf: ({ family, value }) => `${family} ${countUpTo(sorted[family], value)}`,
    partsOf({ first, last }) {
      const { family } = first;
      const inner = sorted[family].slice(countUpTo(sorted[family], first.value));
      const starts = [first.value, ...inner.filter((cut) => cut <= last.value)];
      return starts.map((value, index) => {
        const next = starts[index + 1];
        return { first: { family, value }, last: next === undefined ? last : { family, value: next - 1n } };
      });
    },
  };
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
