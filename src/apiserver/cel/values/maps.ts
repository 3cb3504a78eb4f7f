import { CelMap, isFields, mapKey, type Value } from './value.ts';

/** Number of entries. */
export function sizeOfMap(map: Value): number {
  if (map instanceof CelMap) return map.entries.size;
  let size = 0;
  if (isFields(map)) for (const key in map) if (Object.hasOwn(map, key)) size++;
  return size;
}

export function keysOf(map: Value): Value[] {
  if (map instanceof CelMap) return Array.from(map.entries.values(), ([key]) => key);
  return isFields(map) ? Object.keys(map) : [];
}

export function entriesOf(map: Value): (readonly [Value, Value])[] {
  if (map instanceof CelMap) return [...map.entries.values()];
  return isFields(map) ? Object.entries(map) : [];
}

/** Undefined where there is no such key. Keys of data are texts. */
export function valueOfKey(map: Value, key: Value): Value | undefined {
  if (map instanceof CelMap) return map.entries.get(mapKey(key))?.[1];
  if (!isFields(map) || typeof key !== 'string') return undefined;
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
