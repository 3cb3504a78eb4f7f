import { hash32 } from '../../../lib/hash.ts';

/**
 * A number for each name, `from` and the `count - 1` that follow. A name keeps its number when others come and go, unless
 * two want the same one. Names beyond `count` have none.
 */
export function numbersOf(
  names: Iterable<string>,
  { from, count }: { readonly from: number; readonly count: number },
): Map<string, number> {
  const numbers = new Map<string, number>();
  const taken = new Set<number>();
  for (const name of [...new Set(names)].toSorted()) {
    if (taken.size === count) break;
    let number = hash32(name) % count;
    while (taken.has(number)) number = (number + 1) % count;
    taken.add(number);
    numbers.set(name, from + number);
  }
  return numbers;
}
