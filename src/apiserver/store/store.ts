import { WeftError } from '../../lib/errors.ts';
import type { StoredObject } from '../json.ts';
import { createCollection, type Collection } from './collection.ts';
import { openDatabase, type Database, type Row } from './database.ts';
import { createGroup } from './group.ts';
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
  const watchers = new Map<string, Set<Watcher>>();
  const recent = new Map<string, StoreEvent[]>();
  const span = database.span();
  // 0 means "any" to clients, so the first version of an empty store is 1.
  let current = span?.last ?? 1;
  let compacted = span === undefined ? current : span.first - 1;
  /** Events after this one are in memory; those before, written by an earlier process, only in the database. */
  const readBack = current;

  const apply = ({ resource, type, entry }: StoreEvent): void => {
    const collection = upsert(collections, resource, createCollection);
    if (type === 'DELETED') collection.delete(entry.key);
    else collection.set(entry);
  };
  const group = createGroup<Write>({
    commit(writes) {
      const bound = current - historyLimit;
      const trims = bound - compacted >= compactionStride;
      database.write(
        writes.map(({ event }) => rowOf(event)),
        trims ? bound : undefined,
      );
      if (!trims) return;
      compacted = bound;
      for (const events of recent.values()) events.splice(0, firstAfter(events, bound));
    },
    undo(writes) {
      const lost = new Set<Watcher>();
      for (const { event, before } of writes.toReversed()) {
        const inverse = inverseOf(event, before);
        apply(inverse);
        recent.get(event.resource)?.pop();
        current = event.rv - 1;
        for (const watcher of watchers.get(event.resource) ?? []) {
          if (watcher.lost === undefined) watcher.callback(inverse);
          else lost.add(watcher);
        }
      }
      for (const { lost: tell } of lost) tell?.();
    },
  });
  const commit = (writes: readonly Write[]): void => {
    if (writes.length === 0) return;
    for (const { event } of writes) {
      current = event.rv;
      apply(event);
      upsert(recent, event.resource, () => []).push(event);
    }
    group.add(writes);
    for (const { event } of writes) {
      for (const { callback } of watchers.get(event.resource) ?? []) callback(event);
    }
  };
  const write = (changes: readonly Change[]): readonly (Entry | undefined)[] => {
    const writes: Write[] = [];
    const entries = changes.map((change) => {
      const before = latest(writes, change, get(change.resource, change.key));
      const event = eventFor(change, before?.object, current + writes.length + 1);
      if (event !== undefined) writes.push({ event, before });
      return event?.entry;
    });
    commit(writes);
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
    settled: () => group.settled(),
    watch(resource, fromRv, callback, lost) {
      if (fromRv < compacted || fromRv > current) {
        throw new WeftError('store-compacted', `too old resource version: ${fromRv} (${compacted})`, {
          hint: 'List again and watch from there.',
        });
      }
      for (const event of since(resource, fromRv)) callback(event);
      const others = upsert(watchers, resource, () => new Set<Watcher>());
      const watcher = { callback, lost };
      others.add(watcher);
      return () => void others.delete(watcher);
    },
    close() {
      group.flush();
      database.close();
    },
  };
}

/** One change with what was there before it, for the case that it has to be taken back. */
interface Write {
  readonly event: StoreEvent;
  readonly before: Entry | undefined;
}

interface Watcher {
  readonly callback: (event: StoreEvent) => void;
  readonly lost: (() => void) | undefined;
}

/** The object as earlier changes of the same write leave it, or as it is `stored` where they do not touch it. */
function latest(
  writes: readonly Write[],
  { resource, key }: Change,
  stored: Entry | undefined,
): Entry | undefined {
  const write = writes.findLast(({ event }) => event.resource === resource && event.entry.key === key);
  if (write === undefined) return stored;
  return write.event.type === 'DELETED' ? undefined : write.event.entry;
}

/** What takes an event back. */
function inverseOf({ type, resource, rv, entry }: StoreEvent, before: Entry | undefined): StoreEvent {
  const previous = type !== 'DELETED' && { previous: entry.object };
  if (before === undefined) return { type: 'DELETED', resource, rv, entry, ...previous };
  return { type: type === 'DELETED' ? 'ADDED' : 'MODIFIED', resource, rv, entry: before, ...previous };
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

/** An entry that was read back; it is parsed when somebody looks into it, which a restart need not wait for. */
function entryOf({ key, rv, text }: Row): Entry {
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
