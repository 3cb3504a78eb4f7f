import { apiVersionOf, type Resource } from '../../api/resources.ts';
import { sameJson, type StoredObject } from '../json.ts';
import { qualifiedName } from '../status.ts';
import type { Change, Entry, Store, StoreEvent } from '../store/port.ts';

export interface ViewOptions {
  readonly store: Store;
  readonly resource: Resource;
  /** The version that its objects are kept in. */
  readonly storageVersion: string;
  /** An object with this version's name on it, as this version shows it. */
  readonly present: (object: StoredObject) => StoredObject;
  readonly onRetired: (tell: () => void) => () => void;
}

/**
 * The store as one version of a custom resource sees it. Its objects are kept in the storage version; read, they
 * are in this one, without what its schema does not have and with its defaults (conversion strategy `None`:
 * nothing but the version's name is rewritten). Other resources are as they are. Watches are cut when the
 * resource changes: clients begin again, and read what it is then.
 */
export function storeView({ store, resource, storageVersion, present, onRetired }: ViewOptions): Store {
  const own = qualifiedName(resource);
  const apiVersion = apiVersionOf(resource);
  const storedAs = apiVersionOf({ ...resource, version: storageVersion });
  const views = new WeakMap<StoredObject, StoredObject>();
  const entries = new WeakMap<Entry, Entry>();

  const viewOf = (object: StoredObject): StoredObject => {
    let view = views.get(object);
    if (view === undefined) {
      const made = present({ ...object, apiVersion });
      view = sameJson(made, object) ? object : made;
      views.set(object, view);
    }
    return view;
  };
  const show = (entry: Entry): Entry => {
    const object = viewOf(entry.object);
    if (object === entry.object) return entry;
    let shown = entries.get(entry);
    if (shown === undefined) {
      shown = { ...entry, object, text: JSON.stringify(object) };
      entries.set(entry, shown);
    }
    return shown;
  };
  const showEvent = (event: StoreEvent): StoreEvent => ({
    ...event,
    entry: show(event.entry),
    ...(event.previous !== undefined && { previous: show(event.previous) }),
  });
  const keep = (object: StoredObject): StoredObject =>
    object.apiVersion === storedAs ? object : { ...object, apiVersion: storedAs };
  const shownIf = (name: string, entry: Entry | undefined): Entry | undefined =>
    name === own && entry !== undefined ? show(entry) : entry;

  return {
    get resourceVersion() {
      return store.resourceVersion;
    },
    get: (name, key) => shownIf(name, store.get(name, key)),
    list: (name, namespace) => {
      const all = store.list(name, namespace);
      return name === own ? all.map(show) : all;
    },
    count: (name) => store.count(name),
    put: (name, key, object) =>
      name === own ? show(store.put(name, key, keep(object))) : store.put(name, key, object),
    remove: (name, key) => shownIf(name, store.remove(name, key)),
    write(changes) {
      const kept = changes.map((change): Change => {
        const { object } = change;
        return change.resource === own && object !== undefined ? { ...change, object: keep(object) } : change;
      });
      return store.write(kept).map((entry, i) => shownIf(changes[i]?.resource ?? '', entry));
    },
    settled: () => store.settled(),
    watch(name, fromRv, callback, lost) {
      if (name !== own) return store.watch(name, fromRv, callback, lost);
      const ends = [store.watch(name, fromRv, (event) => callback(showEvent(event)), lost)];
      if (lost !== undefined) ends.push(onRetired(lost));
      return () => ends.forEach((end) => end());
    },
    close: () => store.close(),
  };
}
