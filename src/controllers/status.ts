import { keyOf, type Resource } from '../api/resources.ts';
import type { Condition, KubernetesObject } from '../api/types/meta.ts';
import type { Informer } from '../client/port.ts';
import { apiCode } from '../client/errors.ts';
import { sameJson } from '../lib/same-json.ts';
import { done } from '../reconcile/outcome.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import { reconcilerFor, type ControllerContext } from './controller.ts';
import { nameOf } from './pod-writes.ts';
import { timestamp } from '../lib/timestamp.ts';

/**
 * Changes that come within this time become one write: pods become ready in bursts, and what has to be fast
 * (endpoints, rollouts) never reads a status.
 */
const gatherMs = 5;

export interface StatusOptions<T extends KubernetesObject> {
  readonly resource: Resource<T>;
  readonly informer: Informer<T>;
  /** What the status should be now; conditions without a time. */
  readonly statusOf: (object: T) => object;
}

/** Writes the status of a resource's objects where it differs. */
export interface StatusWriter {
  readonly reconciler: Reconciler;
  /** The status of this object may have changed. */
  touch(key: string): void;
}

export function createStatusWriter<T extends KubernetesObject>(
  context: ControllerContext,
  { resource, informer, statusOf }: StatusOptions<T>,
): StatusWriter {
  const reconciler = reconcilerFor(context, `${resource.singular}-status`, async (key) => {
    const object = informer.get(key);
    if (object === undefined) return done;
    const before = statusIn(object);
    const status = withTimes(before, statusOf(object), timestamp(context.clock.now()));
    if (sameJson(before, { ...before, ...status })) return done;
    // The uid keeps the status from an object that has taken the name meanwhile.
    const { uid } = object.metadata;
    const body = { ...(uid === undefined ? {} : { metadata: { uid } }), status };
    await context.client.patch(resource, nameOf(object), { body, subresource: 'status' }).catch(ignoreGone);
    return done;
  });
  return { reconciler, touch: (key) => reconciler.enqueueAfter(key, gatherMs) };
}

function ignoreGone(thrown: unknown): void {
  if (apiCode(thrown) !== 'api-not-found') throw thrown;
}

function statusIn(object: KubernetesObject): { conditions?: Condition[] } {
  return 'status' in object && typeof object.status === 'object' && object.status !== null
    ? object.status
    : {};
}

/** A condition keeps the time of its last transition while its status stays. */
function withTimes(
  before: { conditions?: Condition[] },
  after: { conditions?: Condition[] },
  now: string,
): object {
  if (after.conditions === undefined) return after;
  const conditions = after.conditions.map((condition) => {
    const old = before.conditions?.find(({ type }) => type === condition.type);
    const lastTransitionTime = old?.status === condition.status ? (old.lastTransitionTime ?? now) : now;
    return { ...condition, lastTransitionTime };
  });
  return { ...after, conditions };
}

/** Follows an informer for a reconciler: every change of an object is worth a look. */
export function enqueueChanges(
  informer: Informer<KubernetesObject>,
  enqueue: (key: string) => void,
): () => void {
  return informer.onChange(({ key, current }) => {
    if (current !== undefined) enqueue(keyOf(current));
    else enqueue(key);
  });
}
