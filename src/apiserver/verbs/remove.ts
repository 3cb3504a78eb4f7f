import { resources, type Resource } from '../../api/resources.ts';
import type { Api } from '../port.ts';
import { qualifiedName } from '../status.ts';
import type { Entry } from '../store/port.ts';

/**
 * Takes an object out of the store. A namespace takes along what is still in it: controllers empty it of the
 * kinds they know, and the rest is of kinds that are only stored.
 */
export function remove(api: Api, resource: Resource, key: string): Entry | undefined {
  if (resource === resources.namespaces) {
    for (const inside of api.catalog.resources.filter(({ namespaced }) => namespaced)) {
      const store = qualifiedName(inside);
      for (const entry of api.store.list(store, key)) api.store.remove(store, entry.key);
    }
  }
  return api.store.remove(qualifiedName(resource), key);
}
