/** Numbers in [0, 1) that follow from the seed alone, so that a run can be repeated. */
export function randomOf(seed: number): () => number {
  const next = mulberry32(seed);
  return () => next() / 2 ** 32;
}

/** Whole numbers from 0 on and below what is asked for, the same for the same seed. */
export function randomFrom(seed: number): (below: number) => number {
  const next = mulberry32(seed);
  return (below) => next() % below;
}

/** One of them. */
export function oneOf<T>(random: () => number, values: readonly T[]): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error('nothing to choose from');
  return value;
}

/** Between 1 and all of them, each at most once. */
export function someOf<T>(random: () => number, values: readonly T[]): T[] {
  const shuffled = values.map((value) => ({ value, at: random() })).toSorted((a, b) => a.at - b.at);
  return shuffled.slice(0, 1 + Math.floor(random() * values.length)).map(({ value }) => value);
}

/** 32 bits each. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}
