import { parseAddress, type Address } from '../../lib/address.ts';
import { intersectPorts, type PortSet } from '../../model/policy/port-set.ts';
import { inRange } from '../../model/policy/ranges.ts';
import { isOutside, type ReachEnd, type ReachRows } from './answer.ts';

/** What is asked about; everything where nothing is said. */
export interface Focus {
  /**
   * Ends: `NAMESPACE/NAME` or `NAMESPACE/NAME[Kind]` with `*` for any characters, all interfaces or, with `@INTERFACE` behind
   * it, that one; `vm:NAME` or `site:NAME`; a domain
   * name; `outside` for all addresses, domain names and machines; or an address, for whoever has it and the ranges that
   * hold it.
   */
  readonly from?: string;
  readonly to?: string;
  /** One of the ends is in it. */
  readonly namespace?: string;
  /** Only these ports. */
  readonly ports?: PortSet;
}

/** Passes on the rows that are asked about; `namesAt` says which ends that have names have an address. */
export function focused(
  rows: ReachRows,
  { from, to, namespace, ports = 'all' }: Focus,
  namesAt: NamesAt = () => [],
): ReachRows {
  const [isFrom, isTo] = [endMatcher(from, namesAt), endMatcher(to, namesAt)];
  const isIn = (end: ReachEnd): boolean => typeof end === 'string' && end.startsWith(`${namespace}/`);
  return {
    add(source, destination, open, more) {
      if (!isFrom(source) || !isTo(destination)) return;
      if (namespace !== undefined && !isIn(source) && !isIn(destination)) return;
      rows.add(source, destination, intersectPorts(open, ports), more);
    },
  };
}

export type NamesAt = (address: Address) => readonly string[];

/** Whether an end is meant by a pattern; every end is where there is none. */
export function endMatcher(
  pattern: string | undefined,
  namesAt: NamesAt = () => [],
): (end: ReachEnd) => boolean {
  if (pattern === undefined) return () => true;
  if (pattern === 'outside') return isOutside;
  const address = parseAddress(pattern);
  if (address !== undefined) {
    const names = namesAt(address);
    return (end) => (typeof end === 'string' ? names.includes(end) : inRange(end, address));
  }
  const text = pattern.split('*').map(escaped).join('.*');
  const name = new RegExp(`^${text}$`, 's');
  return (end) => typeof end === 'string' && namesOf(end).some((one) => name.test(one));
}

/** With and without its interface and kind. */
const namesOf = (end: string): string[] =>
  [end, end.replace(/@[^@]*$/, '')].flatMap((one) => [one, one.replace(/\[\w+\](?=@|$)/, '')]);

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
