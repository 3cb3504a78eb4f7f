import type { NodeShare, SubnetAllocation } from '../../api/types/address.ts';
import { formatRange, joinRanges, parseRange, withoutRanges, type AddressRange } from '../../lib/prefix.ts';

/** The addresses of a subnet that one node has. */
export interface Share {
  /** Of the node and its NodeNetworkConfig. */
  readonly name: string;
  /** Of the NodeNetworkConfig: one that is made anew has nothing at first. */
  readonly uid: string;
  /** Grows with every change. */
  readonly version: number;
  /** In order, none of them adjacent. */
  readonly ranges: readonly AddressRange[];
}

/** What a SubnetAllocation says, by node. */
export function sharesOf({ spec }: Pick<SubnetAllocation, 'spec'>): Map<string, Share> {
  return new Map(
    spec.nodes.map(({ addresses, ...node }) => [node.name, { ...node, ranges: readRanges(addresses) }]),
  );
}

/** The same as it is written down, by name. */
export function formatShares(shares: Iterable<Share>): NodeShare[] {
  return [...shares]
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ ranges, ...node }) => ({ ...node, addresses: ranges.map(formatRange) }));
}

/** Addresses, prefixes and ranges as ranges, in order. */
export function readRanges(texts: readonly string[]): AddressRange[] {
  return joinRanges(texts.flatMap((text) => parseRange(text.includes('/') ? text : withEnds(text)) ?? []));
}

function withEnds(text: string): string {
  return text.includes('-') ? text : `${text}-${text}`;
}

/** What both have. */
export function common(a: readonly AddressRange[], b: readonly AddressRange[]): AddressRange[] {
  return withoutRanges(a, withoutRanges(a, b));
}
