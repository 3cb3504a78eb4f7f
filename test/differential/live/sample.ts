/** At most `count` of the items, the same ones for the same seed, in their order. */
export function sample<T>(items: readonly T[], { count, seed }: { count: number; seed: number }): T[] {
  if (items.length <= count) return [...items];
  const random = numbersFrom(seed);
  const keyed = items.map((item, index) => ({ item, index, key: random() }));
  const chosen = keyed.toSorted((a, b) => a.key - b.key).slice(0, count);
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
