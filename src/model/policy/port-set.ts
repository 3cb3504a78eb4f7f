import type { Protocol } from '../../api/types/meta.ts';

/** `other`: every protocol that has no ports (ICMP and the rest), as one port 0. */
export type PortProtocol = Protocol | 'other';

/** A contiguous range of ports of one protocol, both ends included. */
export interface PortRange {
  readonly protocol: PortProtocol;
  readonly first: number;
  readonly last: number;
}

/**
 * A set of ports. `'all'` is every port of every protocol and everything without ports (ICMP): what a rule
 * without `ports` allows. Ranges are canonical: merged, disjoint, ascending by protocol name and port.
 */
export type PortSet = 'all' | readonly PortRange[];

/** The set without ports. */
export const noPorts: PortSet = [];

/** The union of two sets, canonical. */
export function unionPorts(a: PortSet, b: PortSet): PortSet {
  if (a === 'all' || b === 'all') return 'all';
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  return wholeAsAll(canonicalPorts([...a, ...b]));
}

/** The ports of the first set that are not in the second, canonical. */
export function subtractPorts(a: PortSet, b: PortSet): PortSet {
  if (b === 'all') return noPorts;
  if (b.length === 0) return a;
  let left: readonly PortRange[] = a === 'all' ? everything : a;
  for (const hole of b) left = left.flatMap((range) => withoutPorts(range, hole));
  return canonicalPorts(left);
}

function withoutPorts(range: PortRange, hole: PortRange): PortRange[] {
  const { protocol, first, last } = range;
  if (protocol !== hole.protocol || last < hole.first || hole.last < first) return [range];
  return [
    { protocol, first, last: hole.first - 1 },
    { protocol, first: hole.last + 1, last },
  ].filter((part) => part.first <= part.last);
}

/** `'all'` for the ranges that hold everything. */
function wholeAsAll(ranges: readonly PortRange[]): PortSet {
  if (ranges.length !== everything.length) return ranges;
  return ranges.every(({ first, last }) => first === 0 || (first <= firstPort && last === lastPort))
    ? 'all'
    : ranges;
}

/** The ports in both sets, canonical. */
export function intersectPorts(a: PortSet, b: PortSet): PortSet {
  if (a === 'all') return b;
  if (b === 'all') return a;
  const common: PortRange[] = [];
  for (const left of a) {
    for (const right of b) {
      const first = Math.max(left.first, right.first);
      const last = Math.min(left.last, right.last);
      if (left.protocol === right.protocol && first <= last) {
        common.push({ protocol: left.protocol, first, last });
      }
    }
  }
  return canonicalPorts(common);
}

/** Sorts and merges overlapping and adjacent ranges. */
export function canonicalPorts(ranges: readonly PortRange[]): readonly PortRange[] {
  const sorted = ranges.toSorted(
    (a, b) => (a.protocol < b.protocol ? -1 : a.protocol > b.protocol ? 1 : 0) || a.first - b.first,
  );
  const merged: PortRange[] = [];
  for (const range of sorted) {
    const previous = merged.at(-1);
    if (previous?.protocol === range.protocol && range.first <= previous.last + 1) {
      merged[merged.length - 1] = { ...previous, last: Math.max(previous.last, range.last) };
    } else merged.push(range);
  }
  return merged;
}

/** Whether the set holds this port; of `other` the port 0. */
export function hasPort(set: PortSet, protocol: PortProtocol, port: number): boolean {
  if (set === 'all') return true;
  return set.some((range) => range.protocol === protocol && range.first <= port && port <= range.last);
}

/**
 * `["all"]`, or `["TCP 80", "UDP 1-1023"]`: how people and the JSON output see a set. A set with every port of
 * every protocol is written `all` too.
 */
export function formatPorts(set: PortSet): string[] {
  if (set === 'all' || isEveryPort(set)) return ['all'];
  return set.map(formatPortRange);
}

function formatPortRange({ protocol, first, last }: PortRange): string {
  if (protocol === 'other') return protocol;
  return `${protocol} ${first === last ? first : `${first}-${last}`}`;
}

/** The three protocols that have ports, from the first port to the last, are three canonical ranges. */
function isEveryPort(set: readonly PortRange[]): boolean {
  return (
    set.length === protocols.length && set.every(({ first, last }) => first <= firstPort && last === lastPort)
  );
}

/** Every port of one protocol: what a policy's port without a number means. */
export function everyPortOf(protocol: Protocol): PortRange {
  return { protocol, first: firstPort, last: lastPort };
}

const firstPort = 1;
const lastPort = 65535;

/** The protocols of Services and policies that have ports, in the order of their names. */
export const protocols = ['SCTP', 'TCP', 'UDP'] as const satisfies readonly Protocol[];

/** What has no ports, as a range. */
const other: PortRange = { protocol: 'other', first: 0, last: 0 };

/** `'all'` written out. */
const everything: readonly PortRange[] = [...protocols.map(everyPortOf), other];

/** A text that is equal exactly for equal sets. */
export function portSetKey(set: PortSet): string {
  return set === 'all' ? set : set.map(formatPortRange).join();
}
