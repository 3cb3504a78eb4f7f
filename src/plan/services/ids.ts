import { hash32 } from '../../lib/hash.ts';

/** Numbers of things by name: never 0, and each thing's own. */
export interface Ids {
  of(key: string): number;
  /** The thing is no more, and no packet may carry its number. Another may have it then. */
  forget(key: string): void;
}

/**
 * A number of 32 bits made from the name (FNV-1a), so that a process that starts again gives the same ones: what it finds
 * in the kernel is what it would write. Of two names that make the same number the second gets the next free one, and
 * nobody one of `reserved`.
 */
export function createIds(reserved: readonly number[] = []): Ids {
  const ids = new Map<string, number>();
  const taken = new Set<number>([0, ...reserved]);
  return {
    of(key) {
      const known = ids.get(key);
      if (known !== undefined) return known;
      let id = hash32(key);
      while (taken.has(id)) id = (id + 1) >>> 0;
      taken.add(id);
      ids.set(key, id);
      return id;
    },
    forget(key) {
      const id = ids.get(key);
      if (id === undefined) return;
      ids.delete(key);
      taken.delete(id);
    },
  };
}
