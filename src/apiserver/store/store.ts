import { WeftError } from '../../lib/errors.ts';
import type { StoredObject } from '../json.ts';
import { createCollection, type Collection } from './collection.ts';
import { openDatabase, type Database, type Row } from './database.ts';
import type { Change, Entry, EventType, Store, StoreEvent } from './port.ts';

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
  const commit = (events: readonly StoreEvent[]): void => {
    if (events.length === 0) return;
    database.write(events.map(rowOf));
    for (const event of events) {
      const { resource, entry } = event;
      current = event.rv;
      const collection = upsert(collections, resource, createCollection);
      if (event.type === 'DELETED') collection.delete(entry.key);
      else collection.set(entry);
      upsert(recent, resource, () => []).push(event);
    }
    compact();
    for (const event of events) for (const callback of watchers.get(event.resource) ?? []) callback(event);
  };
  const write = (changes: readonly Change[]): readonly (Entry | undefined)[] => {
    const events: StoreEvent[] = [];
    const entries = changes.map((change) => {
      const before = latest(events, change) ?? get(change.resource, change.key);
      const event = eventFor(change, before?.object, current + events.length + 1);
      if (event !== undefined) events.push(event);
      return event?.entry;
    });
    commit(events);
    return entries;
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
      const [entry] = write([{ resource, key, object }]);
      if (entry === undefined) throw new WeftError('store-failed', 'a write left nothing');
      return entry;
    },
    remove: (resource, key) => write([{ resource, key, object: undefined }])[0],
    write,
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

/** What earlier changes of the same write made of an object; undefined when they did not touch it. */
function latest(
  events: readonly StoreEvent[],
  { resource, key }: Change,
): { object: StoredObject | undefined } | undefined {
  const event = events.findLast((it) => it.resource === resource && it.entry.key === key);
  return event && { object: event.type === 'DELETED' ? undefined : event.entry.object };
}

/** Undefined for the removal of nothing. */
function eventFor(
  { resource, key, object }: Change,
  previous: StoredObject | undefined,
  rv: number,
): StoreEvent | undefined {
  const state = object ?? previous;
  if (state === undefined) return undefined;
  const type: EventType = object === undefined ? 'DELETED' : previous === undefined ? 'ADDED' : 'MODIFIED';
  return { type, resource, rv, entry: stamp(key, state, rv), ...(previous && { previous }) };
}

function rowOf({ type, resource, entry, rv }: StoreEvent): Row {
  return { resource, key: entry.key, rv, type, text: entry.text };
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
