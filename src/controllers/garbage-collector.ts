import { apiVersionOf, keyOf, resources, type Resource } from '../api/resources.ts';
import { storedResources } from '../api/served.ts';
import type { KubernetesObject, OwnerReference } from '../api/types/meta.ts';
import type { Change, Informer, ObjectName } from '../client/port.ts';
import { done, type Outcome } from '../reconcile/outcome.ts';
import { customResourcesOf } from './custom-resources.ts';
import { controllerOf, reconcilerFor, type Controller, type ControllerContext } from './controller.ts';
import { createOwnership } from './ownership.ts';
import { exactly, nameOf } from './pod-writes.ts';

/** Keeps an owner until the dependents that block its deletion are gone (propagationPolicy Foreground). */
const foreground = 'foregroundDeletion';

/** When kinds that no controller here writes are followed too: while a cluster starts nobody waits for that. */
const laterMs = 1000;

const againMs = 100;

/**
 * What an owner is to its dependent: there for good, gone, waiting for its dependents to go first, or of a kind that
 * nothing is known of.
 */
type OwnerState = 'solid' | 'absent' | 'waiting' | 'unknown';

/**
 * Deletes what belonged to objects that are gone, by their ownerReferences (background deletion), and what blocks
 * an owner that waits for it (foreground); of several owners those that are gone are forgotten. All kinds that
 * are served, whoever else watches them, custom resources too.
 */
export function createGarbageCollector(context: ControllerContext): Controller {
  const { client, clock } = context;
  const informers = new Map<Resource, Informer<KubernetesObject>>();
  /** What is followed of each CustomResourceDefinition, by its name. */
  const byPlural = new Map<string, Resource>();
  const known = new Map(storedResources.map((it) => [kindOf(it), it]));
  const byPrefix = new Map(storedResources.map((it) => [prefixOf(it), it]));
  const ownership = createOwnership();
  let seesAll = false;

  async function reconcile(id: string): Promise<Outcome> {
    const found = find(id);
    if (found === undefined) return done;
    const { object } = found;
    if (isWaiting(object)) return release(found);
    if (object.metadata.deletionTimestamp !== undefined) return done;
    const owners = object.metadata.ownerReferences ?? [];
    const states = await Promise.all(owners.map((owner) => stateOf(owner, object.metadata.namespace)));
    // As upstream has it: with an owner that cannot be looked for, nothing becomes of the others either.
    if (states.includes('unknown') || states.every((state) => state === 'solid')) return done;
    if (states.includes('solid')) await forgetOwners(found, states);
    else if (await isCurrent(found)) await collect(found, states.includes('waiting'));
    return done;
  }

  /** An owner in foreground deletion: its dependents go first, and it when none of them blocks it any more. */
  async function release({ resource, object }: Found): Promise<Outcome> {
    // What is not followed yet may hold it.
    if (!seesAll) return { kind: 'wait', afterMs: againMs };
    const { uid = '', finalizers = [], resourceVersion } = object.metadata;
    const dependents = ownership.dependentsOf(uid).flatMap((id) => ({ id, ...find(id) }));
    for (const { id } of dependents) reconciler.enqueue(id);
    const blocking = dependents.some(({ object }) =>
      object?.metadata.ownerReferences?.some((one) => one.uid === uid && one.blockOwnerDeletion === true),
    );
    if (blocking) return done;
    const metadata = { resourceVersion, finalizers: finalizers.filter((one) => one !== foreground) };
    await client.patch(resource, nameOf(object), { body: { metadata } });
    return done;
  }

  /**
   * Owners and dependents are seen by different watches: a dependent may have lost its owner, and be meant to stay
   * (propagationPolicy Orphan), before its own watch says so. Then its change comes yet.
   */
  async function isCurrent({ resource, object }: Found): Promise<boolean> {
    const now = await client.get(resource, nameOf(object));
    const uids = (of: KubernetesObject | undefined): string =>
      (of?.metadata.ownerReferences ?? []).map(({ uid }) => uid).join();
    return now?.metadata.uid === object.metadata.uid && uids(now) === uids(object);
  }

  /** The version goes with the patch, so that an owner that somebody just added is not lost. */
  async function forgetOwners({ resource, object }: Found, states: readonly OwnerState[]): Promise<void> {
    const { ownerReferences = [], resourceVersion } = object.metadata;
    const left = ownerReferences.filter((_, i) => states[i] === 'solid');
    const body = { metadata: { resourceVersion, ownerReferences: left } };
    await client.patch(resource, nameOf(object), { body });
  }

  /** With a waiting owner an object waits for its own dependents too. */
  async function collect({ resource, object }: Found, isAwaited: boolean): Promise<void> {
    const { uid = '', finalizers = [], resourceVersion } = object.metadata;
    if (isAwaited && ownership.dependentsOf(uid).length > 0 && !finalizers.includes(foreground)) {
      const metadata = { resourceVersion, finalizers: [...finalizers, foreground] };
      await client.patch(resource, nameOf(object), { body: { metadata } });
    }
    await client.delete(resource, nameOf(object), exactly(object));
  }

  /** An owner that the cache does not have may be too new for it: then the API server is asked. */
  async function stateOf(owner: OwnerReference, namespace: string | undefined): Promise<OwnerState> {
    const place = placeOf(known, owner, namespace);
    if (place === undefined) return 'unknown';
    const cached = informers.get(place.resource)?.get(keyOf({ metadata: place.name }));
    if (cached?.metadata.uid === owner.uid) return isWaiting(cached) ? 'waiting' : 'solid';
    if (ownership.isGone(owner.uid)) return 'absent';
    const asked = await client.get(place.resource, place.name);
    if (asked?.metadata.uid !== owner.uid) return 'absent';
    return isWaiting(asked) ? 'waiting' : 'solid';
  }

  function find(id: string): Found | undefined {
    const end = id.lastIndexOf(' ');
    const resource = byPrefix.get(id.slice(0, end));
    const object = resource && informers.get(resource)?.get(id.slice(end + 1));
    return resource && object && { resource, object };
  }

  function changed(resource: Resource, { key, previous, current }: Change<KubernetesObject>): void {
    const id = idOf(resource, key);
    const { added, lost } = ownership.changed(id, previous, current);
    if (added || isWaiting(current)) reconciler.enqueue(id);
    // Its owners may have waited for it.
    for (const owner of previous?.metadata.ownerReferences ?? []) {
      if (current === undefined) enqueueOwner(owner, previous?.metadata.namespace);
    }
    for (const dependent of lost) reconciler.enqueue(dependent);
  }

  function enqueueOwner(owner: OwnerReference, namespace: string | undefined): void {
    const place = placeOf(known, owner, namespace);
    if (place === undefined) return;
    const key = keyOf({ metadata: place.name });
    if (isWaiting(informers.get(place.resource)?.get(key))) reconciler.enqueue(idOf(place.resource, key));
  }

  const reconciler = reconcilerFor(context, 'garbage-collector', reconcile);
  return controllerOf('garbage-collector', [reconciler], () => {
    const ends: (() => void)[] = [];
    const follow = (resource: Resource): void => {
      // Events are many, are owned by nobody and expire by themselves.
      if (resource === resources.events) return;
      const informer = client.informer(resource);
      informers.set(resource, informer);
      ends.push(informer.onChange((change) => changed(resource, change)));
    };
    const lookAtAll = (): void => {
      seesAll = false;
      const all = [...informers.values()];
      void Promise.all(all.map(({ synced }) => synced)).then(() => (seesAll = all.length === informers.size));
    };
    /** Its versions are of the same objects: one of them is followed, for as long as this runs. */
    const followCustom = (definition: KubernetesObject): void => {
      const [first, ...others] = customResourcesOf(definition);
      if (first === undefined) return;
      const followed = byPlural.get(definition.metadata.name) ?? first;
      for (const version of [first, ...others]) known.set(kindOf(version), followed);
      if (byPlural.has(definition.metadata.name)) return;
      byPlural.set(definition.metadata.name, followed);
      byPrefix.set(prefixOf(followed), followed);
      follow(followed);
      lookAtAll();
    };
    const interpreted = Object.values<Resource>(resources);
    interpreted.forEach(follow);
    const definitions = client.informer(resources.customresourcedefinitions);
    ends.push(definitions.onChange(({ current }) => current !== undefined && followCustom(current)));
    const cancel = clock.after(laterMs, () => {
      storedResources.filter((resource) => !interpreted.includes(resource)).forEach(follow);
      lookAtAll();
    });
    return [cancel, () => ends.forEach((end) => end())];
  });
}

interface Found {
  readonly resource: Resource;
  readonly object: KubernetesObject;
}

/**
 * Where an owner is found. Undefined for kinds that are not known here, which may well exist, and for an owner in
 * a namespace of what is in none, which is no valid reference.
 */
function placeOf(
  known: ReadonlyMap<string, Resource>,
  { apiVersion, kind, name }: OwnerReference,
  namespace: string | undefined,
): { resource: Resource; name: ObjectName } | undefined {
  const resource = known.get(`${apiVersion} ${kind}`);
  if (resource === undefined || resource === resources.events) return undefined;
  if (!resource.namespaced) return { resource, name: { name } };
  return namespace === undefined ? undefined : { resource, name: { namespace, name } };
}

function kindOf(resource: Resource): string {
  return `${apiVersionOf(resource)} ${resource.kind}`;
}

function prefixOf(resource: Resource): string {
  return `${apiVersionOf(resource)} ${resource.plural}`;
}

/** Keys have no spaces. */
function idOf(resource: Resource, key: string): string {
  return `${prefixOf(resource)} ${key}`;
}

function isWaiting(object: KubernetesObject | undefined): boolean {
  const { deletionTimestamp, finalizers = [] } = object?.metadata ?? {};
  return deletionTimestamp !== undefined && finalizers.includes(foreground);
}
