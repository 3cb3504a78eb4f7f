import { familyOf, formatAddress, parseAddress } from '../../lib/address.ts';
import { contains, countOf, rangeOf, type AddressRange, type Prefix } from '../../lib/prefix.ts';
import { free, wholePieces } from './pick.ts';
import { readRanges } from './shares.ts';

/** The first four addresses of a subnet of a virtual network, and the last, are nobody's (virtual-networks-faq). */
const reservedFirst = 4n;

/** What of a subnet can be given, when machines have these addresses. */
export function roomOf(prefix: Prefix, machines: readonly string[]): AddressRange[] {
  const { first, last } = rangeOf(prefix);
  const inside = {
    first: { ...first, value: first.value + reservedFirst },
    last: { ...last, value: last.value - 1n },
  };
  if (inside.first.value > inside.last.value) return [];
  const taken = readRanges(machines.filter((address) => familyOf(address) === prefix.family));
  return free([inside], taken);
}

/** The router of a subnet: its first address but one. */
export function routerOf({ network }: Prefix): string {
  return formatAddress({ ...network, value: network.value + 1n });
}

/** How many addresses the ranges have to give in whole pieces. */
export function countPieces(ranges: readonly AddressRange[], piece: number): number {
  return Number(countOf(ranges.flatMap((range) => wholePieces(range, BigInt(piece)))));
}

/** The longest prefix that has so many more addresses than this one; undefined when there is none. */
export function prefixWithMore(prefix: Prefix, more: number): number | undefined {
  for (let length = prefix.length - 1; length >= 8; length -= 1) {
    if (2 ** (32 - length) - 2 ** (32 - prefix.length) >= more) return length;
  }
  return undefined;
}

export function isIn(prefix: Prefix, text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && contains(prefix, address);
}
