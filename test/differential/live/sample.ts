export interface SampleOptions<T> {
  readonly count: number;
  readonly seed: number;
  /** Items of one kind stand for each other: of every kind there are some, however rare it is. */
  readonly kindOf: (item: T) => string;
}

/** At most `count` of the items, the same ones for the same seed, in their order: as many of each kind as there may be. */
export function sample<T>(items: readonly T[], { count, seed, kindOf }: SampleOptions<T>): T[] {
  if (items.length <= count) return [...items];
  const random = numbersFrom(seed);
  const drawn = items
    .map((item, index) => ({ item, index, key: random() }))
    .toSorted((a, b) => a.key - b.key);
  const seen = new Map<string, number>();
  const ranked = drawn.map((entry) => {
    const kind = kindOf(entry.item);
    const rank = seen.get(kind) ?? 0;
    seen.set(kind, rank + 1);
    return { ...entry, rank };
  });
  // First one of each kind, then a second one of each, …
  const chosen = ranked.toSorted((a, b) => a.rank - b.rank || a.key - b.key).slice(0, count);
  return chosen.toSorted((a, b) => a.index - b.index).map(({ item }) => item);
}

/** Numbers of 0 to 1 by a xorshift generator of 32 bits (Marsaglia, 2003). */
function numbersFrom(seed: number): () => number {
  let state = (seed * 0x9e37_79b1 + 1) | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
