import type { Address } from '../../lib/address.ts';
import type { AddressRange } from '../../lib/prefix.ts';
import type { DirectionPolicy } from '../../model/policy/port.ts';
import { rowsOf } from '../../model/policy/rows.ts';
import { createCells } from './cells.ts';

/**
 * Cuts the address space at every bound of every range in the policies: addresses between two cuts cannot be told
 * apart by them. The answer is the cell that an address falls in.
 */
export function createAddressCells(policies: Iterable<DirectionPolicy>): (address: Address) => string {
  const cells = createCells(rangesIn(policies));
  return (address) => cells.cellOf(address);
}

/** Every range that policies tell addresses by. */
export function rangesIn(policies: Iterable<DirectionPolicy>): AddressRange[] {
  return [...policies].flatMap(({ ranges, verdicts }) => {
    const rows = verdicts === undefined ? [] : rowsOf(verdicts).flatMap(({ stem }) => stem.ranges);
    return [...ranges, ...rows].map(({ range }) => range);
  });
}
