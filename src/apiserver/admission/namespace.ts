import { resources, type Resource } from '../../api/resources.ts';
import { textAt, type StoredObject } from '../json.ts';
import { forbidden, notFound } from '../status.ts';
import type { Store } from '../store/port.ts';

/** A new object's namespace must be there and not be going away (admission plugin NamespaceLifecycle). */
export function requireNamespace(store: Store, resource: Resource, object: StoredObject): void {
  const { name, namespace } = object.metadata;
  if (namespace === undefined) return;
  const found = store.get('namespaces', namespace)?.object;
  if (found === undefined) throw notFound(resources.namespaces, namespace);
  if (found.metadata.deletionTimestamp === undefined && textAt(found, ['status', 'phase']) !== 'Terminating')
    return;
  const message = `namespace ${namespace} is being terminated`;
  throw forbidden(resource, name, {
    why: `unable to create new content in namespace ${namespace} because it is being terminated`,
    causes: [{ reason: 'NamespaceTerminating', message, field: 'metadata.namespace' }],
  });
}
