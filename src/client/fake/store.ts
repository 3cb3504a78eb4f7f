import { apiVersionOf, keyOf, resources, type Resource } from '../../api/resources.ts';
import type { Pod } from '../../api/types/core.ts';
import type { KubernetesObject, ObjectMeta } from '../../api/types/meta.ts';
import { sameJson } from '../../lib/same-json.ts';
import type { WatchEvent } from '../cache/cache.ts';
import { apiError } from '../errors.ts';
import type { IssuedToken, ObjectList, ObjectName } from '../port.ts';
import { frozenCopy } from './frozen-copy.ts';

/** Any object with whatever else its kind has. */
export type AnyObject = KubernetesObject & { spec?: unknown; status?: unknown };

/**
 * The API's rules for objects, in memory and without time: versions, uids, generated names, generations,
 * status apart from the rest, finalizers. Stored objects are frozen. It takes any kind and validates nothing.
 */
export interface FakeStore {
  get(resource: Resource, name: ObjectName): AnyObject | undefined;
  list(resource: Resource): ObjectList<AnyObject>;
  create(resource: Resource, object: AnyObject): AnyObject;
  /** Stores the object as it is, status included, under a new version. For what a test starts with. */
  put(resource: Resource, object: AnyObject): AnyObject;
  /** Applies `change` to the current object; `what` says which half of it the caller may change. */
  modify(resource: Resource, name: ObjectName, change: Modification): AnyObject;
  /** Gives a pod that has none its node. */
  bind(pod: ObjectName & { readonly uid?: string }, node: string): void;
  /** With a uid: throws `api-conflict` unless it is that very object. */
  delete(resource: Resource, name: ObjectName, uid?: string): void;
  /** A token that is different from all others, for a service account that there is. */
  token(account: ObjectName, seconds: number): IssuedToken;
  /** Calls back for every change of a resource, in order. */
  watch(resource: Resource, callback: (event: WatchEvent<AnyObject>) => void): () => void;
}

export interface Modification {
  readonly what: 'object' | 'status';
  readonly change: (current: AnyObject) => AnyObject;
}

interface Collection {
  readonly objects: Map<string, AnyObject>;
  readonly watchers: Set<(event: WatchEvent<AnyObject>) => void>;
}

export function createFakeStore(now: () => number): FakeStore {
  const collections = new Map<string, Collection>();
  let version = 0;
  let made = 0;

  function collectionOf(resource: Resource): Collection {
    const id = `${resource.group}/${resource.plural}`;
    let collection = collections.get(id);
    if (collection === undefined) {
      collection = { objects: new Map(), watchers: new Set() };
      collections.set(id, collection);
    }
    return collection;
  }

  function current(resource: Resource, name: ObjectName): AnyObject {
    const object = collectionOf(resource).objects.get(keyOf({ metadata: name }));
    if (object === undefined) throw notFound(resource, name);
    return object;
  }

  function write(resource: Resource, object: AnyObject, type: WatchEvent<AnyObject>['type']): AnyObject {
    const { objects, watchers } = collectionOf(resource);
    version += 1;
    const stored = frozenCopy({
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(version) },
    });
    if (type === 'DELETED') objects.delete(keyOf(stored));
    else objects.set(keyOf(stored), stored);
    for (const watcher of watchers) watcher({ type, object: stored });
    return stored;
  }

  /** A deleted object without finalizers is gone with the write that removed the last of them. */
  function writeOrRemove(resource: Resource, object: AnyObject): AnyObject {
    const gone = object.metadata.deletionTimestamp !== undefined && !isHeld(object);
    return write(resource, object, gone ? 'DELETED' : 'MODIFIED');
  }

  function born(resource: Resource, object: AnyObject): AnyObject {
    made += 1;
    const { generateName } = object.metadata;
    const name = object.metadata.name ?? `${generateName ?? ''}${suffix(made)}`;
    const metadata: ObjectMeta = {
      ...object.metadata,
      name,
      uid: object.metadata.uid ?? `00000000-0000-4000-8000-${String(made).padStart(12, '0')}`,
      creationTimestamp: object.metadata.creationTimestamp ?? timestamp(now()),
      generation: 1,
    };
    return {
      ...object,
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
      metadata,
      ...bornAs(resource, object),
    };
  }

  return {
    get: (resource, name) => collectionOf(resource).objects.get(keyOf({ metadata: name })),
    list: (resource) => ({
      items: [...collectionOf(resource).objects.values()],
      resourceVersion: String(version),
    }),
    create(resource, object) {
      const fresh = born(resource, { ...object, metadata: withoutSystemFields(object.metadata) });
      if (collectionOf(resource).objects.has(keyOf(fresh))) {
        throw apiError(
          { status: 409, reason: 'AlreadyExists', message: 'already exists' },
          said(resource, fresh.metadata),
        );
      }
      const hasStatus = resource.subresources.includes('status') && resource.kind !== 'Node';
      return write(resource, hasStatus ? { ...fresh, status: bornStatus(resource) } : fresh, 'ADDED');
    },
    put(resource, object) {
      return write(resource, born(resource, object), 'ADDED');
    },
    modify(resource, name, { what, change }) {
      const before = current(resource, name);
      const asked = change(before);
      checkVersion(resource, before, asked);
      const after =
        what === 'status'
          ? { ...before, status: asked.status }
          : withoutStatusChange(resource, before, asked);
      if (sameJson(before, after)) return before;
      return writeOrRemove(resource, after);
    },
    bind(name, node) {
      const pod = current(resources.pods, name);
      const spec = pod.spec as Pod['spec'];
      const isAnother = name.uid !== undefined && name.uid !== pod.metadata.uid;
      const isTaken = spec.nodeName !== undefined && spec.nodeName !== '';
      if (isAnother || isTaken || pod.metadata.deletionTimestamp !== undefined) {
        const message = 'the pod is another one, is bound already or goes away';
        throw apiError({ status: 409, reason: 'Conflict', message }, said(resources.pods, pod.metadata));
      }
      write(resources.pods, { ...pod, spec: { ...spec, nodeName: node } }, 'MODIFIED');
    },
    delete(resource, name, uid) {
      const object = collectionOf(resource).objects.get(keyOf({ metadata: name }));
      if (object === undefined) return;
      if (uid !== undefined)
        checkVersion(resource, object, { ...object, metadata: { name: name.name, uid } });
      if (!isHeld(object)) {
        write(resource, object, 'DELETED');
        return;
      }
      if (object.metadata.deletionTimestamp !== undefined) return;
      const metadata = { ...object.metadata, deletionTimestamp: timestamp(now()) };
      write(
        resource,
        { ...object, metadata, ...(object.kind === 'Namespace' ? { status: { phase: 'Terminating' } } : {}) },
        'MODIFIED',
      );
    },
    token(account, seconds) {
      current(resources.serviceaccounts, account);
      made += 1;
      return { token: `token-${made}`, expires: timestamp(now() + seconds * 1000) };
    },
    watch(resource, callback) {
      const { watchers } = collectionOf(resource);
      watchers.add(callback);
      return () => watchers.delete(callback);
    },
  };
}

/** Fields that only the server sets: a client's values are ignored (on create) or must be the current ones. */
function withoutSystemFields(metadata: ObjectMeta): ObjectMeta {
  const { uid: _u, resourceVersion: _r, creationTimestamp: _c, deletionTimestamp: _d, ...rest } = metadata;
  return rest;
}

function bornAs(resource: Resource, object: AnyObject): Partial<AnyObject> {
  if (resource.kind !== 'Namespace') return {};
  return { spec: object.spec ?? { finalizers: ['kubernetes'] } };
}

function bornStatus(resource: Resource): unknown {
  if (resource.kind === 'Namespace') return { phase: 'Active' };
  return resource.kind === 'Pod' ? { phase: 'Pending' } : {};
}

function withoutStatusChange(resource: Resource, before: AnyObject, asked: AnyObject): AnyObject {
  const { uid, creationTimestamp, deletionTimestamp, resourceVersion } = before.metadata;
  const system = {
    ...(uid === undefined ? {} : { uid }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  const after: AnyObject = { ...asked, metadata: { ...asked.metadata, ...system } };
  if (resource.subresources.includes('status')) {
    if (before.status === undefined) delete after.status;
    else after.status = before.status;
  }
  const generation = (before.metadata.generation ?? 1) + (sameSpec(before, after) ? 0 : 1);
  return { ...after, metadata: { ...after.metadata, generation } };
}

function sameSpec(before: AnyObject, after: AnyObject): boolean {
  const plain = { metadata: undefined, status: undefined };
  return sameJson({ ...before, ...plain }, { ...after, ...plain });
}

function checkVersion(resource: Resource, before: AnyObject, asked: AnyObject): void {
  const { resourceVersion, uid } = asked.metadata;
  const stale = resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion;
  const another = uid !== undefined && uid !== before.metadata.uid;
  if (!stale && !another) return;
  const message = 'the object has been modified; apply your changes to the latest version and try again';
  throw apiError({ status: 409, reason: 'Conflict', message }, said(resource, before.metadata));
}

function isHeld(object: AnyObject): boolean {
  if ((object.metadata.finalizers?.length ?? 0) > 0) return true;
  if (object.kind !== 'Namespace') return false;
  const spec = object.spec as { finalizers?: string[] } | undefined;
  return (spec?.finalizers?.length ?? 0) > 0;
}

function notFound(resource: Resource, name: ObjectName): Error {
  return apiError({ status: 404, reason: 'NotFound', message: 'not found' }, said(resource, name));
}

function said(resource: Resource, { namespace, name }: ObjectName): string {
  return `${resource.kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** Kubernetes writes times in whole seconds. */
function timestamp(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19)}Z`;
}

function suffix(count: number): string {
  return count.toString(36).padStart(5, '0');
}
