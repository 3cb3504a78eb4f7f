import { formatPrefix, type Prefix } from '../../lib/prefix.ts';
import type { RangePlan } from './port.ts';

/** What is to be taken of a range, and how that was reckoned. */
export interface RangeNeed {
  readonly name: string;
  readonly prefix: Prefix | undefined;
  readonly required: number;
  readonly reserved: number;
  /** Addresses are given in pieces of so many, which begin at multiples of it; 1 when absent. */
  readonly piece?: number;
  /** `(8 nodes + 1 for upgrades) x (30 pods + 1)` */
  readonly sum: string;
}

/** No subnet of a virtual network is smaller. */
const smallest = 29;

export function planRange({ name, prefix, required, reserved, piece = 1 }: RangeNeed): RangePlan {
  const usable = prefix === undefined ? null : usableOf(prefix.length, { reserved, piece });
  return {
    name,
    prefix: prefix === undefined ? null : formatPrefix(prefix),
    required,
    reserved,
    usable,
    fits: usable === null || required <= usable,
    smallestPrefix: smallestFor(required, { reserved, piece }),
  };
}

function usableOf(length: number, { reserved, piece }: { reserved: number; piece: number }): number {
  return Math.max(0, piece * Math.floor((2 ** (32 - length) - reserved) / piece));
}

/** The longest prefix that holds so many addresses beside those that nobody can have. */
function smallestFor(required: number, given: { reserved: number; piece: number }): number | null {
  for (let length = smallest; length >= 1; length -= 1) {
    if (usableOf(length, given) >= required) return length;
  }
  return null;
}
