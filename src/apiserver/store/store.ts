import { WeftError } from '../../lib/errors.ts';
import type { StoredObject } from '../json.ts';
import { createCollection, type Collection } from './collection.ts';
import { openDatabase, type Database, type Row } from './database.ts';
import type { Entry, EventType, Store, StoreEvent } from './port.ts';

export interface StoreOptions {
  /** A file, or `:memory:`. */
  readonly path: string;
  /** See `DatabaseOptions`; NORMAL unless said otherwise. */
  readonly synchronous?: 'NORMAL' | 'FULL';
  /** How many events are kept for watches that resume; 8192 unless said otherwise. */
  readonly historyLimit?: number;
}

/** Compaction happens in strides, so that it costs a write now and then and not every write. */
const compactionStride = 256;

/** Opens the store and reads all objects into memory. Throws `store-unusable`, see `openDatabase`. */
export function createStore(options: StoreOptions): Store {
  const database = openDatabase({ path: options.path, synchronous: options.synchronous ?? 'NORMAL' });
  return storeOver(database, options.historyLimit ?? 8192);
}

function storeOver(database: Database, historyLimit: number): Store {
  const collections = new Map<string, Collection>();
  for (const row of database.objects()) upsert(collections, row.resource, createCollection).set(entryOf(row));
  const watchers = new Map<string, Set<(event: StoreEvent) => void>>();
  const recent = new Map<string, StoreEvent[]>();
  const span = database.span();
  // 0 means "any" to clients, so the first version of an empty store is 1.
  let current = span?.last ?? 1;
  let compacted = span === undefined ? current : span.first - 1;
  /** Events after this one are in memory; those before, written by an earlier process, only in the database. */
  const readBack = current;

  const compact = (): void => {
    if (current - compacted < historyLimit + compactionStride) return;
    compacted = current - historyLimit;
    database.compact(compacted);
    for (const events of recent.values()) events.splice(0, firstAfter(events, compacted));
  };
  const commit = (event: Omit<StoreEvent, 'rv'>): void => {
    const { resource, type, entry } = event;
    database.write({ resource, key: entry.key, rv: entry.rv, type, text: entry.text });
    current = entry.rv;
    const collection = upsert(collections, resource, createCollection);
    if (type === 'DELETED') collection.delete(entry.key);
    else collection.set(entry);
    const committed = { ...event, rv: entry.rv };
    upsert(recent, resource, () => []).push(committed);
    compact();
    for (const callback of watchers.get(resource) ?? []) callback(committed);
  };
  const since = (resource: string, rv: number): StoreEvent[] => {
    const events = recent.get(resource) ?? [];
    const older = rv < readBack ? database.events(resource, rv).filter((row) => row.rv <= readBack) : [];
    return [...older.map(eventOf), ...events.slice(firstAfter(events, rv))];
  };
  const get = (resource: string, key: string): Entry | undefined => collections.get(resource)?.get(key);

  return {
    get resourceVersion() {
      return current;
    },
    get,
    list: (resource, namespace) => collections.get(resource)?.list(namespace) ?? [],
    count: (resource) => collections.get(resource)?.size ?? 0,
    put(resource, key, object) {
      const previous = get(resource, key)?.object;
      const entry = stamp(key, object, current + 1);
      const type: EventType = previous === undefined ? 'ADDED' : 'MODIFIED';
      commit({ type, resource, entry, ...(previous && { previous }) });
      return entry;
    },
    remove(resource, key) {
      const previous = get(resource, key)?.object;
      if (previous === undefined) return undefined;
      const entry = stamp(key, previous, current + 1);
      commit({ type: 'DELETED', resource, entry, previous });
      return entry;
    },
    watch(resource, fromRv, callback) {
      if (fromRv < compacted || fromRv > current) {
        throw new WeftError('store-compacted', `too old resource version: ${fromRv} (${compacted})`, {
          hint: 'List again and watch from there.',
        });
      }
      for (const event of since(resource, fromRv)) callback(event);
      const callbacks = upsert(watchers, resource, () => new Set<(event: StoreEvent) => void>());
      callbacks.add(callback);
      return () => void callbacks.delete(callback);
    },
    close: () => database.close(),
  };
}

function stamp(key: string, object: StoredObject, rv: number): Entry {
  const stamped = { ...object, metadata: { ...object.metadata, resourceVersion: String(rv) } };
  return { key, rv, object: stamped, text: JSON.stringify(stamped) };
}

function entryOf(row: Row): Entry {
  return { key: row.key, rv: row.rv, object: JSON.parse(row.text) as StoredObject, text: row.text };
}

function eventOf(row: Row): StoreEvent {
  return { type: row.type, resource: row.resource, rv: row.rv, entry: entryOf(row) };
}

/** Index of the first event after `rv`; they are in order. */
function firstAfter(events: readonly StoreEvent[], rv: number): number {
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((events[middle]?.rv ?? 0) <= rv) low = middle + 1;
    else high = middle;
  }
  return low;
}

function upsert<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
