import { formatAddress, type Address } from '../../lib/address.ts';
import type { AddressRange } from '../../lib/prefix.ts';
import { noPorts, portSetKey, type PortSet } from './port-set.ts';
import { inRange, type PortsOfRange } from './ranges.ts';

/** What is open towards peers of one kind. */
export interface Row {
  readonly stem: RowStem;
  /** By address: the ports open there instead, where a domain name has an address now and opens more. */
  readonly named: ReadonlyMap<string, PortSet>;
}

/** What stays of a row while addresses of domain names come and go. */
export interface RowStem {
  /** Ports by range of addresses, disjoint and ascending by family. */
  readonly ranges: readonly PortsOfRange[];
  /** What the rules say that have domain names: rows that differ in it part when the names have addresses. */
  readonly names: string;
  /** What is open towards the domain names of the rules, by name or wildcard as rules have them; worked out when asked. */
  readonly towardsNames: (isNameable: (range: AddressRange) => boolean) => ReadonlyMap<string, NameOpening>;
}

/** What the rules open towards a domain name beside what is open anyway where it leads. */
export interface NameOpening {
  readonly ports: PortSet;
  /** Whether these are open wherever the name leads: no rule before denies some of the addresses that it may have. */
  readonly isEverywhere: boolean;
}

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
  const { stem, named } = classes.get(peerClass) ?? otherwise;
  const ofName = named.size === 0 ? undefined : named.get(formatAddress(address));
  return ofName ?? portsOfStem(stem, address);
}

/** The ports open at an address that no domain name has. */
export function portsOfStem({ ranges }: RowStem, address: Address): PortSet {
  return ranges.find(({ range }) => inRange(range, address))?.ports ?? noPorts;
}

/** All rows of these verdicts. */
export function rowsOf({ classes, otherwise }: Verdicts): Row[] {
  return [otherwise, ...classes.values()];
}

/** A text that is equal exactly for equal rows. */
export function rowKey({ stem, named }: Row): string {
  const extra = Array.from(named, ([address, ports]) => `${address}:${portSetKey(ports)}`);
  return [stemKey(stem), ...extra.sort()].join(';');
}

/** A text that is equal exactly for equal stems. */
export function stemKey({ ranges, names }: Pick<RowStem, 'ranges' | 'names'>): string {
  return `${rangesKey(ranges)} ${names}`;
}

/** A text that is equal exactly for equal ranges with equal ports. */
export function rangesKey(ranges: readonly PortsOfRange[]): string {
  return ranges
    .map(
      ({ range: { first, last }, ports }) =>
        `${first.family}${first.value}-${last.value}:${portSetKey(ports)}`,
    )
    .join(';');
}
