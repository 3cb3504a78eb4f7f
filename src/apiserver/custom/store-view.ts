import { apiVersionOf, type Resource } from '../../api/resources.ts';
import type { StoredObject } from '../json.ts';
import { qualifiedName } from '../status.ts';
import type { Store } from '../store/port.ts';
import { viewStore } from '../store/view.ts';

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
 * nothing but the version's name is rewritten). Watches are cut when the resource changes: clients begin again, and
 * read what it is then.
 */
export function storeView({ store, resource, storageVersion, present, onRetired }: ViewOptions): Store {
  const name = qualifiedName(resource);
  const apiVersion = apiVersionOf(resource);
  const storedAs = apiVersionOf({ ...resource, version: storageVersion });
  return viewStore(store, {
    name,
    storedName: name,
    show: (object) => present({ ...object, apiVersion }),
    keep: (object) => (object.apiVersion === storedAs ? object : { ...object, apiVersion: storedAs }),
    onRetired,
  });
}
