import type { Address } from '../../lib/address.ts';
import { noPorts, portSetKey, type PortSet } from './port-set.ts';
import { inRange, type PortsOfRange } from './ranges.ts';

/** What is open towards peers of one kind: ports by range of addresses, disjoint and ascending by family. */
export type Row = readonly PortsOfRange[];

/** What ordered tiers decide together, spelled out per peer class. */
export interface Verdicts {
  /** Towards pods of a class, by its number, where that differs from `otherwise`. */
  readonly classes: ReadonlyMap<number, Row>;
  readonly otherwise: Row;
}

/** The ports open towards a peer: `peerClass` 0 is nobody's. */
export function portsInVerdicts(
  { classes, otherwise }: Verdicts,
  { address, peerClass }: { readonly address: Address; readonly peerClass: number },
): PortSet {
  const row = classes.get(peerClass) ?? otherwise;
  return row.find(({ range }) => inRange(range, address))?.ports ?? noPorts;
}

/** A text that is equal exactly for equal rows. */
export function rowKey(row: Row): string {
  return row
    .map(
      ({ range: { first, last }, ports }) =>
        `${first.family}${first.value}-${last.value}:${portSetKey(ports)}`,
    )
    .join(';');
}
