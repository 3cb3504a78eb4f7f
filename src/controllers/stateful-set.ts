import { resources } from '../api/resources.ts';
import type { StatefulSet } from '../api/types/apps.ts';
import type { Pod } from '../api/types/core.ts';
import { hasEnded, isPodReady } from '../model/workloads/pod-state.ts';
import { ordinalOf, revisionLabel, revisionOf, statefulPodOf } from '../model/workloads/pods.ts';
import { done, type Outcome } from '../reconcile/outcome.ts';
import { controllerOf, reconcilerFor, type Controller, type ControllerContext } from './controller.ts';
import { activePods, createPods, deletePods, ownerKeyOf } from './pod-writes.ts';
import { createStatusWriter, enqueueChanges } from './status.ts';

/** Keeps the pods NAME-0, NAME-1, … of every StatefulSet: up in order, down and anew in reverse order. */
export function createStatefulSetController(context: ControllerContext): Controller {
  const { cache } = context;
  const status = createStatusWriter(context, {
    resource: resources.statefulsets,
    informer: cache.statefulSets,
    statusOf: (set) => statusOf(set, activePods(context, set)),
  });

  async function reconcile(key: string): Promise<Outcome> {
    const set = cache.statefulSets.get(key);
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return done;
    status.touch(key);
    const step = nextStep(set, cache.podsByOwner.get(set.metadata.uid ?? ''));
    await deletePods(context, step.remove);
    await createPods(context, set, step.create);
    return done;
  }

  const reconciler = reconcilerFor(context, 'statefulset', reconcile);
  return controllerOf('statefulset', [reconciler, status.reconciler], () => [
    enqueueChanges(cache.statefulSets, (key) => reconciler.enqueue(key)),
    cache.pods.onChange(({ previous, current }) => {
      const key = ownerKeyOf(current ?? previous, 'StatefulSet');
      if (key !== undefined) reconciler.enqueue(key);
    }),
  ]);
}

interface Step {
  readonly create: readonly Pod[];
  readonly remove: readonly Pod[];
}

const nothing: Step = { create: [], remove: [] };

/** What may be done now; a pod that is being deleted or not ready holds up the rest, unless order does not matter. */
function nextStep(set: StatefulSet, pods: readonly Pod[]): Step {
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod.metadata.name) ?? -1, pod]));
  const wanted = set.spec.replicas ?? 1;
  const parallel = set.spec.podManagementPolicy === 'Parallel';
  const ended = pods.filter((pod) => hasEnded(pod) && pod.metadata.deletionTimestamp === undefined);
  const surplus = pods
    .filter((pod) => (ordinalOf(set, pod.metadata.name) ?? wanted) >= wanted && !ended.includes(pod))
    .toSorted((a, b) => (ordinalOf(set, b.metadata.name) ?? 0) - (ordinalOf(set, a.metadata.name) ?? 0));
  const missing = Array.from({ length: wanted }, (_, ordinal) => ordinal).filter(
    (ordinal) => !byOrdinal.has(ordinal),
  );
  const create = missing.map((ordinal) => statefulPodOf(set, ordinal));
  if (parallel && create.length + surplus.length + ended.length > 0) {
    return { create, remove: [...ended, ...surplus] };
  }
  if (ended.length > 0) return { create: [], remove: ended };
  const present = [...byOrdinal].filter(([ordinal]) => ordinal >= 0 && ordinal < wanted);
  const [first = wanted] = missing;
  const settled = present.every(([ordinal, pod]) => ordinal > first || isSettled(pod));
  if (create.length > 0) return settled ? { create: create.slice(0, 1), remove: [] } : nothing;
  if (!settled) return outdatedUnready(set, present);
  return surplus.length > 0 ? { create: [], remove: surplus.slice(0, 1) } : outdated(set, present);
}

function isSettled(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined && isPodReady(pod);
}

/** A pod of an old template that never became ready may be in the way of its own repair. */
function outdatedUnready(set: StatefulSet, present: readonly (readonly [number, Pod])[]): Step {
  return outdated(
    set,
    present.filter(([, pod]) => !isSettled(pod)),
  );
}

/** The highest pod of an old template that the update strategy lets go. */
function outdated(set: StatefulSet, present: readonly (readonly [number, Pod])[]): Step {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  if (type === 'OnDelete') return nothing;
  const [highest] = present
    .filter(([ordinal, pod]) => ordinal >= (rollingUpdate?.partition ?? 0) && !isCurrent(set, pod))
    .filter(([, pod]) => pod.metadata.deletionTimestamp === undefined)
    .toSorted(([a], [b]) => b - a);
  return highest === undefined ? nothing : { create: [], remove: [highest[1]] };
}

function isCurrent(set: StatefulSet, pod: Pod): boolean {
  return pod.metadata.labels?.[revisionLabel] === revisionOf(set);
}

function statusOf(set: StatefulSet, pods: readonly Pod[]): NonNullable<StatefulSet['status']> {
  const ready = pods.filter(isPodReady).length;
  const updated = pods.filter((pod) => isCurrent(set, pod)).length;
  const updateRevision = `${set.metadata.name}-${revisionOf(set)}`;
  const complete = updated === pods.length && pods.length === (set.spec.replicas ?? 1);
  const currentRevision = complete ? updateRevision : (set.status?.currentRevision ?? updateRevision);
  return {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: pods.length,
    readyReplicas: ready,
    availableReplicas: ready,
    updatedReplicas: updated,
    currentReplicas: currentRevision === updateRevision ? updated : pods.length - updated,
    currentRevision,
    updateRevision,
  };
}
