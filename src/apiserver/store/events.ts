import type { StoredObject } from '../json.ts';
import type { EventRow } from './database.ts';
import type { Entry, ObjectRow, StoreEvent } from './port.ts';

/** An entry with its own version in the object's metadata. */
export function stamp(key: string, object: StoredObject, rv: number): Entry {
  const stamped = { ...object, metadata: { ...object.metadata, resourceVersion: String(rv) } };
  return { key, rv, object: stamped, text: JSON.stringify(stamped) };
}

/** An entry that was read back; it is parsed when somebody looks into it, which a restart need not wait for. */
export function lazyEntry({ key, rv, text }: Omit<ObjectRow, 'resource'>): Entry {
  let object: StoredObject | undefined;
  return {
    key,
    rv,
    text,
    get object() {
      return (object ??= JSON.parse(text) as StoredObject);
    },
  };
}

/** What takes an event back. */
export function inverseOf({ type, resource, rv, entry, previous }: StoreEvent): StoreEvent {
  if (previous === undefined) return { type: 'DELETED', resource, rv, entry, previous: entry };
  if (type === 'DELETED') return { type: 'ADDED', resource, rv, entry: previous, previous: undefined };
  return { type: 'MODIFIED', resource, rv, entry: previous, previous: entry };
}

/**
 * The events of rows that an earlier process wrote. A row says only what was there before: what it left is what the
 * next event of the same object found, in the rows or among those `later`, or else what is there `now`.
 */
export function historyOf(
  rows: readonly EventRow[],
  later: readonly StoreEvent[],
  now: (key: string) => Entry | undefined,
): StoreEvent[] {
  const found = new Map<string, Entry | undefined>();
  for (const { entry, previous } of later.toReversed()) found.set(entry.key, previous);
  const events: StoreEvent[] = [];
  for (const { type, resource, key, rv, before } of rows.toReversed()) {
    const previous = before && lazyEntry({ key, ...before });
    const left = found.has(key) ? found.get(key) : now(key);
    const entry = type === 'DELETED' ? previous && stamp(key, previous.object, rv) : left;
    found.set(key, previous);
    if (entry !== undefined) events.push({ type, resource, rv, entry, previous });
  }
  return events.reverse();
}

/** Index of the first event after `rv`; they are in order. */
export function firstAfter(events: readonly StoreEvent[], rv: number): number {
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((events[middle]?.rv ?? 0) <= rv) low = middle + 1;
    else high = middle;
  }
  return low;
}
