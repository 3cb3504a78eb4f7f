import { bitsOf, type Address, type Family } from '../../lib/address.ts';
import { parsePrefix, rangeOf, withoutRange, type AddressRange } from '../../lib/prefix.ts';
import { portSetKey, unionPorts, type PortSet } from './port-set.ts';

/** Ports open towards a range of addresses. */
export interface PortsOfRange {
  readonly range: AddressRange;
  readonly ports: PortSet;
}

/** Every address of a family. */
export function wholeSpace(family: Family): AddressRange {
  const last = (1n << BigInt(bitsOf(family))) - 1n;
  return { first: { family, value: 0n }, last: { family, value: last } };
}

/** Whether the range holds the address; false across families. */
export function inRange({ first, last }: AddressRange, { family, value }: Address): boolean {
  return first.family === family && first.value <= value && value <= last.value;
}

/**
 * The addresses of a block less its exceptions, as disjoint ascending ranges. None for a block that is no prefix:
 * what cannot be read allows nothing.
 */
export function rangesOfBlock(block: {
  readonly cidr: string;
  readonly except?: readonly string[];
}): AddressRange[] {
  const prefix = parsePrefix(block.cidr);
  if (prefix === undefined) return [];
  let ranges: AddressRange[] = [rangeOf(prefix)];
  for (const text of block.except ?? []) {
    const except = parsePrefix(text);
    if (except !== undefined) ranges = ranges.flatMap((range) => withoutRange(range, rangeOf(except)));
  }
  return ranges;
}

/**
 * Overlapping ranges as disjoint ones, ascending by family and address: where several cover an address their
 * ports are united, neighbours with the same ports are one range, and ranges without ports are left out.
 * A sweep over the bounds: the ranges open at a bound are counted by their set of ports.
 */
export function flattenRanges(entries: readonly PortsOfRange[]): PortsOfRange[] {
  const result: PortsOfRange[] = [];
  for (const family of ['IPv4', 'IPv6'] as const) {
    const ofFamily = entries.filter(({ range }) => range.first.family === family);
    if (ofFamily.length > 0) result.push(...sweep(family, ofFamily));
  }
  return result;
}

interface Bound {
  readonly at: bigint;
  readonly ports: PortSet;
  readonly change: 1 | -1;
}

function sweep(family: Family, entries: readonly PortsOfRange[]): PortsOfRange[] {
  const bounds: Bound[] = entries.flatMap(({ range, ports }) => [
    { at: range.first.value, ports, change: 1 },
    { at: range.last.value + 1n, ports, change: -1 },
  ]);
  bounds.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const open = new Map<PortSet, number>();
  const result: PortsOfRange[] = [];
  for (const [index, { at, ports, change }] of bounds.entries()) {
    const count = (open.get(ports) ?? 0) + change;
    if (count === 0) open.delete(ports);
    else open.set(ports, count);
    const next = bounds[index + 1];
    if (next === undefined || next.at === at) continue;
    const united = [...open.keys()].reduce(unionPorts, []);
    append(result, {
      range: { first: { family, value: at }, last: { family, value: next.at - 1n } },
      ports: united,
    });
  }
  return result;
}

/** Adds a range that starts behind all others, joined to its neighbour where their ports agree. */
function append(ranges: PortsOfRange[], entry: PortsOfRange): void {
  if (entry.ports !== 'all' && entry.ports.length === 0) return;
  const previous = ranges.at(-1);
  if (
    previous !== undefined &&
    touch(previous.range, entry.range) &&
    portSetKey(previous.ports) === portSetKey(entry.ports)
  ) {
    ranges[ranges.length - 1] = {
      range: { first: previous.range.first, last: entry.range.last },
      ports: entry.ports,
    };
  } else ranges.push(entry);
}

function touch(below: AddressRange, above: AddressRange): boolean {
  return below.last.value + 1n === above.first.value;
}
