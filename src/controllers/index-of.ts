import type { KubernetesObject } from '../api/types/meta.ts';
import type { Informer } from '../client/port.ts';

/** An informer's objects by something else than their key, kept change by change. */
export interface Index<T> {
  /** Empty when there are none. */
  get(value: string): readonly T[];
  /** Stops following the informer. */
  end(): void;
}

/** `valuesOf` says under which values an object is found; none leaves it out. */
export function indexOf<T extends KubernetesObject>(
  informer: Informer<T>,
  valuesOf: (object: T) => readonly string[],
): Index<T> {
  const index = new Map<string, Map<string, T>>();
  const end = informer.onChange(({ key, previous, current }) => {
    const now = current === undefined ? [] : valuesOf(current);
    for (const value of previous === undefined ? [] : valuesOf(previous)) {
      if (!now.includes(value)) remove(index, value, key);
    }
    if (current !== undefined) for (const value of now) add(index, value, [key, current]);
  });
  return {
    get(value) {
      const found = index.get(value);
      return found === undefined ? [] : Array.from(found.values());
    },
    end,
  };
}

function add<T>(
  index: Map<string, Map<string, T>>,
  value: string,
  [key, object]: readonly [string, T],
): void {
  const entry = index.get(value);
  if (entry === undefined) index.set(value, new Map([[key, object]]));
  else entry.set(key, object);
}

function remove<T>(index: Map<string, Map<string, T>>, value: string, key: string): void {
  const entry = index.get(value);
  entry?.delete(key);
  if (entry?.size === 0) index.delete(value);
}
