import { keyOf } from '../../api/resources.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { Change, Informer, ObjectList } from '../port.ts';

/** One event of a watch, as meta/v1 WatchEvent names them; ERROR never reaches the cache. */
export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

/** The writing end of an informer: whoever lists and watches feeds it. */
export interface Cache<T extends KubernetesObject> {
  readonly informer: Informer<T>;
  /** Takes a list as the whole truth; tells only what differs from what is held. */
  replace(list: ObjectList<T>): void;
  /** Takes one event. What is already held (same resourceVersion) or already gone is not told again. */
  apply(event: WatchEvent<T>): void;
}

type Callback<T> = (change: Change<T>) => void;

/**
 * `renew` is the informer's own. An object that was deleted and made anew between two looks is told as a deletion and then an addition, never
 * as a modification: its uid is another one.
 */
export function createCache<T extends KubernetesObject>(log: Log, renew: () => void): Cache<T> {
  const objects = new Map<string, T>();
  const callbacks = new Set<{ readonly callback: Callback<T> }>();
  const synced = Promise.withResolvers<void>();
  const steps: (() => void)[] = [];
  let stepping = false;
  let resourceVersion = '0';

  /** A callback may cause the next step; it runs after all callbacks have seen this one. */
  function step(run: () => void): void {
    steps.push(run);
    if (stepping) return;
    stepping = true;
    for (let next = steps.shift(); next !== undefined; next = steps.shift()) next();
    stepping = false;
  }

  function call(callback: Callback<T>, change: Change<T>): void {
    try {
      callback(change);
    } catch (thrown) {
      log.error({ key: change.key, error: messageOf(thrown) }, 'a callback of an informer threw');
    }
  }

  function tell(change: Change<T>): void {
    for (const { callback } of Array.from(callbacks)) call(callback, change);
  }

  function put(current: T): void {
    const key = keyOf(current);
    const previous = objects.get(key);
    if (previous === undefined) {
      objects.set(key, current);
      tell({ key, current });
    } else if (previous.metadata.uid !== current.metadata.uid) {
      remove(key);
      objects.set(key, current);
      tell({ key, current });
    } else if (previous.metadata.resourceVersion !== current.metadata.resourceVersion) {
      objects.set(key, current);
      tell({ key, previous, current });
    }
  }

  function remove(key: string): void {
    const previous = objects.get(key);
    if (previous === undefined) return;
    objects.delete(key);
    tell({ key, previous });
  }

  function replaceNow(list: ObjectList<T>): void {
    resourceVersion = list.resourceVersion;
    const listed = new Set(list.items.map(keyOf));
    for (const key of Array.from(objects.keys())) if (!listed.has(key)) remove(key);
    for (const item of list.items) put(item);
    synced.resolve();
  }

  function applyNow({ type, object }: WatchEvent<T>): void {
    resourceVersion = object.metadata.resourceVersion ?? resourceVersion;
    if (type === 'DELETED') remove(keyOf(object));
    else if (type !== 'BOOKMARK') put(object);
  }

  const informer: Informer<T> = {
    synced: synced.promise,
    get: (key) => objects.get(key),
    values: () => objects.values(),
    get size() {
      return objects.size;
    },
    get resourceVersion() {
      return resourceVersion;
    },
    onChange(callback) {
      const entry = { callback };
      // Inside a step the change being told is in the cache already: `tell` works on a copy of the callbacks,
      // so this one gets it from here only.
      for (const [key, current] of Array.from(objects)) call(callback, { key, current });
      callbacks.add(entry);
      return () => callbacks.delete(entry);
    },
    renew,
  };
  return {
    informer,
    replace: (list) => step(() => replaceNow(list)),
    apply: (event) => step(() => applyNow(event)),
  };
}
