import { sameJson, type StoredObject } from '../json.ts';
import type { Change, Entry, Store, StoreEvent } from './port.ts';

/** How objects of one resource show in another form than they are stored in. */
export interface View {
  /** What the resource is called by those who look through the view, and what it is stored under. */
  readonly name: string;
  readonly storedName: string;
  readonly show: (object: StoredObject) => StoredObject;
  /** The object as it is stored. */
  readonly keep: (object: StoredObject) => StoredObject;
  /** Says once that the form is another one now; watches end then, and clients begin again. */
  readonly onRetired?: (tell: () => void) => () => void;
}

/** The store as it looks through a view; other resources are as they are. Each object is converted once. */
export function viewStore(store: Store, view: View): Store {
  const { name: own, storedName, keep, onRetired } = view;
  const shownEntry = shower(view);
  const nameOf = (name: string): string => (name === own ? storedName : name);
  const shownIf = (name: string, entry: Entry | undefined): Entry | undefined =>
    name === own && entry !== undefined ? shownEntry(entry) : entry;
  const shownEvent = (event: StoreEvent): StoreEvent => ({
    ...event,
    resource: own,
    entry: shownEntry(event.entry),
    ...(event.previous !== undefined && { previous: shownEntry(event.previous) }),
  });

  return {
    get resourceVersion() {
      return store.resourceVersion;
    },
    get: (name, key) => shownIf(name, store.get(nameOf(name), key)),
    list: (name, namespace) => {
      const all = store.list(nameOf(name), namespace);
      return name === own ? all.map(shownEntry) : all;
    },
    count: (name) => store.count(nameOf(name)),
    put: (name, key, object) =>
      name === own ? shownEntry(store.put(storedName, key, keep(object))) : store.put(name, key, object),
    remove: (name, key) => shownIf(name, store.remove(nameOf(name), key)),
    write(changes) {
      const kept = changes.map((change): Change => {
        const { resource, object } = change;
        if (resource !== own) return change;
        return { ...change, resource: storedName, object: object === undefined ? undefined : keep(object) };
      });
      return store.write(kept).map((entry, i) => shownIf(changes[i]?.resource ?? '', entry));
    },
    committed: () => store.committed(),
    settled: () => store.settled(),
    watch(name, fromRv, callback, lost) {
      if (name !== own) return store.watch(name, fromRv, callback, lost);
      const ends = [store.watch(storedName, fromRv, (event) => callback(shownEvent(event)), lost)];
      if (lost !== undefined && onRetired !== undefined) ends.push(onRetired(lost));
      return () => ends.forEach((end) => end());
    },
    close: () => store.close(),
  };
}

function shower({ show }: View): (entry: Entry) => Entry {
  const objects = new WeakMap<StoredObject, StoredObject>();
  const entries = new WeakMap<Entry, Entry>();
  const shownObject = (object: StoredObject): StoredObject => {
    let shown = objects.get(object);
    if (shown === undefined) {
      const made = show(object);
      shown = sameJson(made, object) ? object : made;
      objects.set(object, shown);
    }
    return shown;
  };
  return (entry) => {
    const object = shownObject(entry.object);
    if (object === entry.object) return entry;
    let shown = entries.get(entry);
    if (shown === undefined) {
      shown = { ...entry, object, text: JSON.stringify(object) };
      entries.set(entry, shown);
    }
    return shown;
  };
}
