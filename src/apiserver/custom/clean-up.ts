import type { StoredObject } from '../json.ts';
import type { Store } from '../store/port.ts';
import { cleanupFinalizer, definitionsStore, type Definition } from './definition.ts';

/**
 * Goes on with a definition that is to be deleted: its objects are deleted as anything is, waiting for their own
 * finalizers, and when there are none the definition lets go.
 */
export function cleanUp(store: Store, definition: Definition, time: string): void {
  const { name, finalizers = [] } = definition.metadata;
  if (!finalizers.includes(cleanupFinalizer)) return;
  for (const { key, object } of store.list(name)) {
    if (object.metadata.deletionTimestamp !== undefined) continue;
    if ((object.metadata.finalizers ?? []).length === 0) store.remove(name, key);
    else store.put(name, key, dying(object, time));
  }
  if (store.count(name) > 0) return;
  const left = finalizers.filter((one) => one !== cleanupFinalizer);
  if (left.length === 0) store.remove(definitionsStore, name);
  else
    store.put(definitionsStore, name, {
      ...definition,
      metadata: { ...definition.metadata, finalizers: left },
    });
}

function dying(object: StoredObject, time: string): StoredObject {
  const metadata = { ...object.metadata, deletionTimestamp: time, deletionGracePeriodSeconds: 0 };
  return { ...object, metadata };
}
