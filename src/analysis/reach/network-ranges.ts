import { formatAddress, parseAddress } from '../../lib/address.ts';
import { countOf, type AddressRange } from '../../lib/prefix.ts';
import { labAddresses } from '../../model/network/lab-addresses.ts';
import { intersectPorts, noPorts, portSetKey, unionPorts } from '../../model/policy/port-set.ts';
import { wholeSpace } from '../../model/policy/ranges.ts';
import type { ReachEnd } from './answer.ts';
import type { Group } from './groups.ts';
import { addressPorts, sortOf, type AddressPorts, type AddressSort } from './network-addresses.ts';
import type { Party, ReachNetworks } from './networks.ts';
import type { OutsideRow } from './outside.ts';

/** What is open between pods and addresses as such, and how these are called. */
export interface OutsideEnd extends OutsideRow {
  readonly end: ReachEnd;
}

/** What virtual networks leave of what policies open between pods and addresses as such. */
export interface NetworkRanges {
  from(rows: readonly OutsideRow[], groups: readonly Pick<Group, 'party'>[]): OutsideEnd[];
  to(rows: readonly OutsideRow[], groups: readonly Pick<Group, 'party'>[]): OutsideEnd[];
}

export function networkRanges(networks: ReachNetworks): NetworkRanges {
  const { from, to } = addressPorts(networks);
  const kinds = sortOf(networks.lookups.world);
  const internetSize = countOf(
    networks.cells
      .partsOf(wholeSpace('IPv4'))
      .filter(({ first }) => kinds(formatAddress(first)) === 'internet'),
  );
  const settle = (
    rows: readonly OutsideRow[],
    groups: readonly Pick<Group, 'party'>[],
    portsAt: PortsAt,
  ): OutsideEnd[] => {
    const parties = groups.flatMap(({ party }) => party ?? []);
    const partOf = (row: OutsideRow, range: AddressRange): Part => {
      const address = formatAddress(range.first);
      const found = parties.map((party) => portsAt(party, address));
      const sets = found.flatMap(({ ports }) => ports);
      return {
        range,
        ports: intersectPorts(row.ports, sets.reduce(unionPorts, noPorts)),
        isAgreed: row.isAgreed && new Set(sets.map(portSetKey)).size === 1,
        isHeld: found.some(({ isHeld }) => isHeld),
        sort: kinds(address),
      };
    };
    const cut = rows.map((row): CutRow => {
      const isAsked = row.range.first.family === 'IPv4' && parties.length > 0;
      return {
        row,
        parts: isAsked ? networks.cells.partsOf(row.range).map((range) => partOf(row, range)) : [],
      };
    });
    return told(cut, internetSize);
  };
  return {
    from: (rows, groups) => settle(rows, groups, from),
    to: (rows, groups) => settle(rows, groups, to),
  };
}

type PortsAt = (party: Party, address: string) => AddressPorts;

/** A row of policies, in parts of which networks say one thing each. */
interface CutRow {
  readonly row: OutsideRow;
  readonly parts: readonly Part[];
}

interface Part extends OutsideRow {
  /** Whether somebody has these addresses who is not told by name. */
  readonly isHeld: boolean;
  readonly sort: AddressSort;
}

/**
 * The internet is one end where all of it is alike. Of all else, a row stays as policies have it where networks close nothing;
 * otherwise what is left of it is told where somebody is.
 */
function told(rows: readonly CutRow[], internetSize: bigint): OutsideEnd[] {
  const internet = wholeInternet(rows, internetSize);
  const left = rows.flatMap(({ row, parts }) => {
    const isCut = parts.some(
      (part) => !isAlike(part, row) || (internet !== undefined && part.sort === 'internet'),
    );
    return isCut ? joinedRows(parts.filter((part) => isWorthARow(part, internet))) : [row];
  });
  const ends = left.map((row) => ({ ...row, end: row.range }));
  return internet === undefined ? ends : [{ ...internet, range: sample, end: 'internet' }, ...ends];
}

/** What is open to all of the internet; undefined where that is not one thing. */
function wholeInternet(rows: readonly CutRow[], size: bigint): OutsideRow | undefined {
  const parts = rows.flatMap((one) => one.parts).filter(({ sort }) => sort === 'internet');
  const [first] = parts;
  const isOne = first !== undefined && parts.every((part) => isAlike(part, first));
  // A service that is closed has no row of its own, and would count as a part of what is open.
  const services = rows.flatMap((one) => one.parts).filter(({ sort }) => sort === 'service');
  if (first !== undefined && services.some((one) => !isAlike(one, first) && portSetKey(one.ports) === ''))
    return undefined;
  return isOne && countOf(parts.map(({ range }) => range)) === size ? first : undefined;
}

function isWorthARow(part: Part, internet: OutsideRow | undefined): boolean {
  if (part.sort === 'internet') return internet === undefined;
  const isPartOfInternet = part.sort === 'service' && internet !== undefined && isAlike(part, internet);
  return part.isHeld && !isPartOfInternet;
}

/** At which address the internet is asked about, where a reason is wanted. */
const asked = parseAddress(labAddresses.internet) ?? wholeSpace('IPv4').first;
const sample: AddressRange = { first: asked, last: asked };

/** Neighbours that are alike as one, without those that nothing is open to. */
function joinedRows(parts: readonly OutsideRow[]): OutsideRow[] {
  const joined: OutsideRow[] = [];
  for (const part of parts) {
    const before = joined.at(-1);
    const isNext = before !== undefined && before.range.last.value + 1n === part.range.first.value;
    if (!isNext || !isAlike(before, part)) joined.push(part);
    else joined.splice(-1, 1, { ...before, range: { first: before.range.first, last: part.range.last } });
  }
  return joined.filter(({ ports }) => ports === 'all' || ports.length > 0);
}

const isAlike = (one: OutsideRow, other: OutsideRow): boolean =>
  one.isAgreed === other.isAgreed && portSetKey(one.ports) === portSetKey(other.ports);
