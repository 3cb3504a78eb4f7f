import { WeftError } from '../../lib/errors.ts';
import { createCollection, type Collection } from './collection.ts';
import { openDatabase, type Database } from './database.ts';
import { firstAfter, historyOf, inverseOf, lazyEntry, stamp } from './events.ts';
import { createGroup } from './group.ts';
import { goBack, isLost } from './lost-versions.ts';
import type { Change, Entry, EventType, RootStore, StoreEvent } from './port.ts';
import { differencesTo } from './restore.ts';

export interface StoreSettings {
  /** How many events are kept for watches that resume; 8192 unless said otherwise. */
  readonly historyLimit?: number;
  /** Told once when nobody can tell any more what the disk holds. Nothing is written or settled from then on. */
  readonly onBroken?: (failure: unknown) => void;
  /** How long nothing was written when the files are made ready for more, in milliseconds. */
  readonly quietMs?: number;
}

export interface StoreOptions extends StoreSettings {
  /** A file, or `:memory:`. */
  readonly path: string;
}

/** Compaction happens in strides, so that it costs a write now and then and not every write. */
const compactionStride = 256;

/** Opens the store and reads all objects into memory. Throws `store-unusable`, see `openDatabase`. */
export function createStore(options: StoreOptions): RootStore {
  return createStoreOver(openDatabase({ path: options.path }), options);
}

/** A store over a database that somebody else opened; closing the store closes it. */
export function createStoreOver(
  database: Database,
  { historyLimit = 8192, onBroken = () => {}, quietMs }: StoreSettings = {},
): RootStore {
  const collections = new Map<string, Collection>();
  for (const row of database.objects())
    upsert(collections, row.resource, createCollection).set(lazyEntry(row));
  const watchers = new Map<string, Set<Watcher>>();
  const recent = new Map<string, StoreEvent[]>();
  const span = database.span();
  const gaps = database.lost();
  // 0 means "any" to clients, so the first version of an empty store is 1.
  let current = span?.last ?? 1;
  let compacted = span === undefined ? current : span.first - 1;
  /** Events up to this one were written by an earlier process; they are read back when somebody asks. */
  const opened = current;
  const isReadBack = new Set<string>();
  /** Versions up to this one are another history's: the next commit forgets events from before. */
  let skipped = 0;

  const apply = ({ resource, type, entry }: StoreEvent): void => {
    const collection = upsert(collections, resource, createCollection);
    if (type === 'DELETED') collection.delete(entry.key);
    else collection.set(entry);
  };
  const group = createGroup<StoreEvent>({
    commit(events) {
      const bound = Math.max(goBack(gaps, current, historyLimit), skipped);
      const trims = skipped > 0 || bound - compacted >= compactionStride;
      database.write(events, trims ? bound : undefined);
      if (!trims) return;
      compacted = bound;
      skipped = 0;
      for (const kept of recent.values()) kept.splice(0, firstAfter(kept, bound));
    },
    sync: () => database.sync(),
    tidy: (isQuiet) => database.tidy(isQuiet),
    ...(quietMs !== undefined && { quietMs }),
    onBroken,
    undo(events) {
      const lost = new Set<Watcher>();
      for (const event of events.toReversed()) {
        const inverse = inverseOf(event);
        apply(inverse);
        recent.get(event.resource)?.pop();
        current = event.rv - 1;
        for (const watcher of watchers.get(event.resource) ?? []) {
          if (watcher.lost === undefined) watcher.callback(inverse);
          else lost.add(watcher);
        }
      }
      // A restore that failed left the versions as they were, but for history that is forgotten.
      if (compacted > current) [compacted, skipped] = [current, 0];
      for (const { lost: tell } of lost) tell?.();
    },
  });
  const commit = (events: readonly StoreEvent[]): void => {
    if (events.length === 0) return;
    group.add(events);
    for (const event of events) {
      current = event.rv;
      apply(event);
      upsert(recent, event.resource, () => []).push(event);
    }
    for (const event of events) {
      for (const { callback } of watchers.get(event.resource) ?? []) callback(event);
    }
  };
  const write = (changes: readonly Change[]): readonly (Entry | undefined)[] => {
    const events: StoreEvent[] = [];
    const entries = changes.map((change) => {
      const previous = latest(events, change, get(change.resource, change.key));
      const event = eventFor(change, previous, current + events.length + 1);
      if (event !== undefined) events.push(event);
      return event?.entry;
    });
    commit(events);
    return entries;
  };
  const skipTo = (rv: number): void => {
    for (const events of recent.values()) events.length = 0;
    current = compacted = skipped = rv;
  };
  const since = (resource: string, rv: number): readonly StoreEvent[] => {
    const events = upsert(recent, resource, () => []);
    if (rv < opened && !isReadBack.has(resource)) {
      isReadBack.add(resource);
      const rows = database.events(resource, { after: compacted, upTo: opened });
      events.unshift(...historyOf(rows, events, (key) => get(resource, key)));
    }
    return events.slice(firstAfter(events, rv));
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
    committed: () => group.committed(),
    settled: () => group.settled(),
    snapshot: () => ({
      resourceVersion: current,
      rows: [...collections].flatMap(([resource, collection]) =>
        collection.list().map(({ key, rv, text }) => ({ resource, key, rv, text })),
      ),
    }),
    restore({ resourceVersion, rows }) {
      const { changes, ...counts } = differencesTo(rows, collections);
      if (changes.length > 0 && resourceVersion > current) skipTo(resourceVersion);
      write(changes);
      return { ...counts, resourceVersion: current };
    },
    watch(resource, fromRv, callback, lost) {
      if (fromRv < compacted || fromRv > current || isLost(gaps, fromRv)) {
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
    close: () => group.close(() => database.close()),
  };
}

interface Watcher {
  readonly callback: (event: StoreEvent) => void;
  readonly lost: (() => void) | undefined;
}

/** The object as earlier changes of the same write leave it, or as it is `stored` where they do not touch it. */
function latest(
  events: readonly StoreEvent[],
  { resource, key }: Change,
  stored: Entry | undefined,
): Entry | undefined {
  const event = events.findLast((one) => one.resource === resource && one.entry.key === key);
  if (event === undefined) return stored;
  return event.type === 'DELETED' ? undefined : event.entry;
}

/** Undefined for the removal of nothing. */
function eventFor(
  { resource, key, object }: Change,
  previous: Entry | undefined,
  rv: number,
): StoreEvent | undefined {
  const state = object ?? previous?.object;
  if (state === undefined) return undefined;
  const type: EventType = object === undefined ? 'DELETED' : previous === undefined ? 'ADDED' : 'MODIFIED';
  return { type, resource, rv, entry: stamp(key, state, rv), previous };
}

function upsert<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
