import { resources, type Resource } from '../../api/resources.ts';
import { customKindOf } from '../catalog/custom-kind.ts';
import { arrayAt, typeOf, type StoredObject } from '../json.ts';

/** Whether the status of a resource is written only through its own subresource. */
export function hasStatus(resource: Resource): boolean {
  return resource.subresources.includes('status');
}

/** The status of a new object: what its resource begins with, whatever the client sent (but see nodes). */
export function initialStatus(resource: Resource, object: StoredObject): StoredObject {
  // A kubelet registers its node with its addresses, and upstream keeps them.
  if (!hasStatus(resource) || resource === resources.nodes) return object;
  const { status, ...rest } = object;
  void status;
  // A controller writes the first status of an object that upstream does not know.
  if (customKindOf(resource) !== undefined) return { ...rest, ...typeOf(object) };
  if (resource === resources.pods) return { ...rest, ...typeOf(object), status: { phase: 'Pending' } };
  if (resource === resources.services || resource.kind === 'Ingress')
    return { ...rest, ...typeOf(object), status: { loadBalancer: {} } };
  if (resource === resources.namespaces) {
    const spec = { finalizers: ['kubernetes'] };
    return { ...rest, ...typeOf(object), spec, status: { phase: 'Active' } };
  }
  return { ...rest, ...typeOf(object), status: {} };
}

/**
 * Whether the generation of an object counts the changes of its spec. In the core group upstream does so for
 * pods and their controllers only.
 */
export function countsGenerations(resource: Resource, object: StoredObject): boolean {
  if (customKindOf(resource) !== undefined) return true;
  if (object['spec'] === undefined) return false;
  return resource.group !== '' || resource === resources.pods || resource.kind === 'ReplicationController';
}

/** Whether a dying object has nothing left to wait for. */
export function isFinalized(resource: Resource, object: StoredObject): boolean {
  if (object.metadata.deletionTimestamp === undefined) return false;
  if ((object.metadata.finalizers ?? []).length > 0) return false;
  return resource !== resources.namespaces || arrayAt(object, ['spec', 'finalizers']).length === 0;
}
