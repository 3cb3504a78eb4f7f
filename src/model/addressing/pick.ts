import { joinRanges, withoutRanges, type AddressRange } from '../../lib/prefix.ts';

/** Which addresses of a subnet come first: the lowest, or the highest where machines have the lower ones. */
export type Order = 'lowest' | 'highest';

export interface Wish {
  readonly count: number;
  /** In blocks of so many, which begin at multiples of it; 1 for single addresses. */
  readonly piece: number;
  readonly order: Order;
}

/** As many of the free addresses as there are, up to `count`; whole pieces only, the last of which may be more. */
export function pick(free: readonly AddressRange[], { count, piece, order }: Wish): AddressRange[] {
  const size = BigInt(piece);
  let missing = BigInt(Math.ceil(count / piece)) * size;
  const found: AddressRange[] = [];
  const usable = free.flatMap((range) => wholePieces(range, size));
  for (const { first, last } of order === 'lowest' ? usable : usable.toReversed()) {
    if (missing <= 0n) break;
    const there = last.value - first.value + 1n;
    const taken = there < missing ? there : missing;
    missing -= taken;
    found.push(
      order === 'lowest'
        ? { first, last: { ...last, value: first.value + taken - 1n } }
        : { first: { ...first, value: last.value - taken + 1n }, last },
    );
  }
  return joinRanges(found);
}

/** What can be given of a range in pieces. */
export function wholePieces({ first, last }: AddressRange, size: bigint): AddressRange[] {
  const from = ((first.value + size - 1n) / size) * size;
  const to = ((last.value + 1n) / size) * size - 1n;
  return from > to ? [] : [{ first: { ...first, value: from }, last: { ...last, value: to } }];
}

/** Addresses of `all` that are in none of the others. */
export function free(
  all: readonly AddressRange[],
  ...taken: readonly (readonly AddressRange[])[]
): AddressRange[] {
  return withoutRanges(all, taken.flat());
}
