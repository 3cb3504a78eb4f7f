import { keyOf, resources } from '../api/resources.ts';
import type { Pod } from '../api/types/core.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import { apiCode } from '../client/errors.ts';
import { messageOf } from '../lib/errors.ts';
import { hasEnded } from '../model/workloads/pod-state.ts';
import { forEachBounded } from './bounded.ts';
import type { ControllerContext } from './controller.ts';

/** Pods of a controller that count: not ended, not being deleted. */
export function activePods({ cache }: Pick<ControllerContext, 'cache'>, owner: KubernetesObject): Pod[] {
  return cache.podsByOwner
    .get(owner.metadata.uid ?? '')
    .filter((pod) => pod.metadata.deletionTimestamp === undefined && !hasEnded(pod));
}

/**
 * Creates pods, one request each, and waits until the cache has them. Rejects when one cannot be made, which an
 * Event on the owner tells too, unless it may only be a lost answer: nobody answered, or the name is taken, which
 * it also is when our own earlier request was done and its answer got lost.
 */
export async function createPods(
  { client, cache, events }: ControllerContext,
  owner: KubernetesObject,
  pods: readonly Pod[],
): Promise<void> {
  await forEachBounded(pods, async (pod) => {
    try {
      const made = await client.create(resources.pods, pod);
      await cache.seen.pods.written(made);
    } catch (thrown) {
      const lost = ['api-unavailable', 'api-already-exists'].includes(apiCode(thrown) ?? '');
      if (!lost) events.warn(owner, 'FailedCreate', messageOf(thrown));
      throw thrown;
    }
  });
}

/** Deletes these very pods, and not others of their names, and waits until the cache has seen it. */
export async function deletePods({ client, cache }: ControllerContext, pods: readonly Pod[]): Promise<void> {
  await forEachBounded(pods, async (pod) => {
    await client.delete(resources.pods, nameOf(pod), exactly(pod));
    await cache.seen.pods.deleted(pod);
  });
}

/** How the API addresses an object. */
export function nameOf({ metadata: { namespace, name } }: KubernetesObject): {
  namespace?: string;
  name: string;
} {
  return namespace === undefined ? { name } : { namespace, name };
}

/** The precondition that it is this very object: the cache may be behind, and the name somebody else's by now. */
export function exactly({ metadata: { uid } }: KubernetesObject): { uid?: string } {
  return uid === undefined ? {} : { uid };
}

/** The key of the object of this kind that controls a pod, for the queue of its controller. */
export function ownerKeyOf(object: KubernetesObject | undefined, kind: string): string | undefined {
  const owner = object?.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (object === undefined || owner?.kind !== kind) return undefined;
  const { namespace } = object.metadata;
  return keyOf({ metadata: { name: owner.name, ...(namespace === undefined ? {} : { namespace }) } });
}
