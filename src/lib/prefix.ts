import { addressAfter, bitsOf, formatAddress, parseAddress, type Address, type Family } from './address.ts';

/** A prefix (CIDR): its network address, with all host bits zero, and its length in bits. */
export interface Prefix {
  readonly family: Family;
  readonly network: Address;
  readonly length: number;
}

/** A contiguous range of addresses of one family, both ends included. */
export interface AddressRange {
  readonly first: Address;
  readonly last: Address;
}

/** The prefix of every address of a family. */
export const everyAddress = { IPv4: '0.0.0.0/0', IPv6: '::/0' } as const satisfies Record<Family, string>;

/** Parses `ADDRESS/LENGTH`; host bits are cleared. Undefined when either half is not valid. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const address = parseAddress(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  if (address === undefined || !/^(0|[1-9]\d{0,2})$/.test(digits)) return undefined;
  const length = Number(digits);
  if (length > bitsOf(address.family)) return undefined;
  return prefixOf(address, length);
}

/** The prefix of `length` bits that contains `address`. */
export function prefixOf(address: Address, length: number): Prefix {
  const hostBits = BigInt(bitsOf(address.family) - length);
  const value = (address.value >> hostBits) << hostBits;
  return { family: address.family, network: { family: address.family, value }, length };
}

/** `10.244.0.0/16` */
export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.network)}/${prefix.length}`;
}

/** First and last address of a prefix. */
export function rangeOf(prefix: Prefix): AddressRange {
  const size = 1n << BigInt(bitsOf(prefix.family) - prefix.length);
  const last = { family: prefix.family, value: prefix.network.value + size - 1n };
  return { first: prefix.network, last };
}

/** Whether the prefix covers the address; false across families. */
export function contains(prefix: Prefix, address: Address): boolean {
  if (prefix.family !== address.family) return false;
  const hostBits = BigInt(bitsOf(prefix.family) - prefix.length);
  return address.value >> hostBits === prefix.network.value >> hostBits;
}

/** The same addresses in as few ranges as there can be, in order; all of one family. */
export function joinRanges(ranges: readonly AddressRange[]): AddressRange[] {
  const joined: AddressRange[] = [];
  for (const range of ranges.toSorted((a, b) => (a.first.value < b.first.value ? -1 : 1))) {
    const before = joined.at(-1);
    if (before === undefined || range.first.value > before.last.value + 1n) joined.push(range);
    else if (range.last.value > before.last.value) joined.splice(-1, 1, { ...before, last: range.last });
  }
  return joined;
}

/** What is left of a range below and above the hole. */
export function withoutRange(range: AddressRange, hole: AddressRange): AddressRange[] {
  const { first, last } = range;
  if (first.family !== hole.first.family || last.value < hole.first.value || hole.last.value < first.value)
    return [range];
  const below = addressAfter(hole.first, -1n);
  const above = addressAfter(hole.last, 1n);
  const parts: AddressRange[] = [];
  if (below !== undefined && first.value <= below.value) parts.push({ first, last: below });
  if (above !== undefined && above.value <= last.value) parts.push({ first: above, last });
  return parts;
}

/** What is left of the ranges without the holes, in order; all of one family. */
export function withoutRanges(
  ranges: readonly AddressRange[],
  holes: readonly AddressRange[],
): AddressRange[] {
  const left: AddressRange[] = [];
  const sorted = joinRanges(holes);
  let next = 0;
  for (const range of joinRanges(ranges)) {
    let rest: AddressRange | undefined = range;
    while (next < sorted.length && isBelow(sorted[next], range)) next += 1;
    for (let at = next; rest !== undefined && at < sorted.length; at++) {
      const hole = sorted[at];
      if (hole === undefined || hole.first.value > rest.last.value) break;
      const parts: AddressRange[] = withoutRange(rest, hole);
      const below = parts.find(({ last }) => last.value < hole.first.value);
      if (below !== undefined) left.push(below);
      rest = parts.find(({ first }) => first.value > hole.last.value);
    }
    if (rest !== undefined) left.push(rest);
  }
  return left;
}

function isBelow(hole: AddressRange | undefined, range: AddressRange): boolean {
  return hole !== undefined && hole.last.value < range.first.value;
}

/** How many addresses there are in the ranges, which have none in common. */
export function countOf(ranges: readonly AddressRange[]): bigint {
  return ranges.reduce((sum, { first, last }) => sum + last.value - first.value + 1n, 0n);
}

/** The longest prefix that covers both; undefined across families. */
export function commonPrefix(a: Prefix, b: Prefix): Prefix | undefined {
  if (a.family !== b.family) return undefined;
  const differing = a.network.value ^ b.network.value;
  const bits = bitsOf(a.family) - (differing === 0n ? 0 : differing.toString(2).length);
  return prefixOf(a.network, Math.min(bits, a.length, b.length));
}

/** The range as one prefix, where it is exactly one. */
export function prefixOfRange(range: AddressRange): Prefix | undefined {
  const size = range.last.value - range.first.value + 1n;
  if ((size & (size - 1n)) !== 0n || range.first.value % size !== 0n) return undefined;
  return prefixOf(range.first, bitsOf(range.first.family) - (size.toString(2).length - 1));
}

/** `10.0.0.0/8` where the range is a prefix, `10.0.0.1-10.0.0.9` where it is not. */
export function formatRange(range: AddressRange): string {
  const prefix = prefixOfRange(range);
  if (prefix !== undefined) return formatPrefix(prefix);
  return `${formatAddress(range.first)}-${formatAddress(range.last)}`;
}

/** `10.0.0.0/24`, or `10.0.0.1-10.0.0.9` with both ends included; undefined for anything else. */
export function parseRange(text: string): AddressRange | undefined {
  const prefix = parsePrefix(text.trim());
  if (prefix !== undefined) return rangeOf(prefix);
  const ends = text.split('-').map((end) => parseAddress(end.trim()));
  const [first, last] = ends;
  if (ends.length !== 2 || first === undefined || last === undefined) return undefined;
  return first.family === last.family && first.value <= last.value ? { first, last } : undefined;
}

/** The fewest prefixes that cover exactly the range, in order. */
export function prefixesOfRange({ first, last }: AddressRange): Prefix[] {
  const found: Prefix[] = [];
  const bits = BigInt(bitsOf(first.family));
  for (let value = first.value; value <= last.value;) {
    let hostBits = 0n;
    const fits = (more: bigint): boolean =>
      more <= bits && value % (1n << more) === 0n && value + (1n << more) - 1n <= last.value;
    while (fits(hostBits + 1n)) hostBits += 1n;
    found.push(prefixOf({ family: first.family, value }, Number(bits - hostBits)));
    value += 1n << hostBits;
  }
  return found;
}
