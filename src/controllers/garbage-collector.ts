import { keyOf, resourceOf, resources, type Resource } from '../api/resources.ts';
import type { KubernetesObject, OwnerReference } from '../api/types/meta.ts';
import type { Change, Informer } from '../client/port.ts';
import { done, type Outcome } from '../reconcile/outcome.ts';
import { controllerOf, reconcilerFor, type Controller, type ControllerContext } from './controller.ts';
import { nameOf } from './pod-writes.ts';

/** Deletes what belonged to objects that are gone (background deletion), by their ownerReferences. */
export function createGarbageCollector(context: ControllerContext): Controller {
  const { client } = context;
  const watched = Object.values<Resource>(resources)
    // Events are many, are owned by nobody and expire by themselves.
    .filter((resource) => resource !== resources.events)
    .map((resource) => ({ resource, informer: client.informer(resource) }));
  const informers = new Map(watched.map(({ resource, informer }) => [resource, informer]));
  /** Keys (`PLURAL/KEY`) of objects by the uid of each of their owners. */
  const dependents = new Map<string, Set<string>>();

  async function reconcile(id: string): Promise<Outcome> {
    const object = find(id);
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) return done;
    const owners = object.metadata.ownerReferences ?? [];
    const present = await Promise.all(owners.map((owner) => exists(owner, object.metadata.namespace)));
    if (owners.length === 0 || present.includes(true)) return done;
    const resource = resourceOf(object);
    if (resource !== undefined) await client.delete(resource, nameOf(object));
    return done;
  }

  /** An owner that the cache does not have may be too new for it: then the API server is asked. */
  async function exists(
    { apiVersion, kind, name, uid }: OwnerReference,
    namespace: string | undefined,
  ): Promise<boolean> {
    const resource = resourceOf({ apiVersion, kind });
    // A kind that is not known here may well exist.
    if (resource === undefined || resource === resources.events) return true;
    const owner = resource.namespaced && namespace !== undefined ? { namespace, name } : { name };
    if (informers.get(resource)?.get(keyOf({ metadata: owner }))?.metadata.uid === uid) return true;
    if (gone.has(uid)) return false;
    return (await client.get(resource, owner))?.metadata.uid === uid;
  }

  /** Uids of owners that were seen to go while they had dependents; kept while these remain. */
  const gone = new Set<string>();

  function find(id: string): KubernetesObject | undefined {
    const slash = id.indexOf('/');
    const plural = id.slice(0, slash);
    return watched.find(({ resource }) => resource.plural === plural)?.informer.get(id.slice(slash + 1));
  }

  function changed(resource: Resource, { key, previous, current }: Change<KubernetesObject>): void {
    const id = `${resource.plural}/${key}`;
    const before = ownerUids(previous);
    const now = ownerUids(current);
    for (const uid of before) if (!now.includes(uid)) forget(uid, id);
    for (const uid of now) remember(uid, id);
    if (now.length > 0 && now.join() !== before.join()) reconciler.enqueue(id);
    if (current === undefined && previous !== undefined) ownerGone(previous.metadata.uid ?? '');
  }

  function remember(uid: string, id: string): void {
    const ids = dependents.get(uid);
    if (ids === undefined) dependents.set(uid, new Set([id]));
    else ids.add(id);
  }

  function forget(uid: string, id: string): void {
    const ids = dependents.get(uid);
    ids?.delete(id);
    if (ids?.size !== 0) return;
    dependents.delete(uid);
    gone.delete(uid);
  }

  function ownerGone(uid: string): void {
    const ids = dependents.get(uid);
    if (ids === undefined) return;
    gone.add(uid);
    for (const id of ids) reconciler.enqueue(id);
  }

  const reconciler = reconcilerFor(context, 'garbage-collector', reconcile);
  return controllerOf('garbage-collector', [reconciler], () => {
    const ends = watched.map(({ resource, informer }) => followOne(resource, informer));
    return ends;
  });

  /** Everything is looked at only when all caches are filled: before, every owner seems to be missing. */
  function followOne(resource: Resource, informer: Informer<KubernetesObject>): () => void {
    return informer.onChange((change) => changed(resource, change));
  }
}

function ownerUids(object: KubernetesObject | undefined): string[] {
  return (object?.metadata.ownerReferences ?? []).map(({ uid }) => uid);
}
