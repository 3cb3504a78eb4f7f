import type { Entry } from './port.ts';

/** The current objects of one resource, by key and in the order of their keys. */
export interface Collection {
  get(key: string): Entry | undefined;
  /** All entries, or those under `NAMESPACE/`; a new array that later changes do not touch. */
  list(namespace?: string): readonly Entry[];
  readonly size: number;
  set(entry: Entry): void;
  delete(key: string): void;
}

/** Inserting keeps an array of keys sorted, which for tens of thousands of keys costs microseconds. */
export function createCollection(): Collection {
  const byKey = new Map<string, Entry>();
  const keys: string[] = [];

  const entries = (from: number, to: number): Entry[] => {
    const result: Entry[] = [];
    for (let i = from; i < to; i++) {
      const entry = byKey.get(keys[i] ?? '');
      if (entry !== undefined) result.push(entry);
    }
    return result;
  };
  return {
    get: (key) => byKey.get(key),
    list(namespace) {
      if (namespace === undefined) return entries(0, keys.length);
      // '0' is the character after '/'.
      return entries(lowerBound(keys, `${namespace}/`), lowerBound(keys, `${namespace}0`));
    },
    get size() {
      return byKey.size;
    },
    set(entry) {
      if (!byKey.has(entry.key)) keys.splice(lowerBound(keys, entry.key), 0, entry.key);
      byKey.set(entry.key, entry);
    },
    delete(key) {
      if (byKey.delete(key)) keys.splice(lowerBound(keys, key), 1);
    },
  };
}

/** Index of the first key that is not before `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
