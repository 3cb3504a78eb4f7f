import { resources } from '../api/resources.ts';
import type { ReplicaSet } from '../api/types/apps.ts';
import type { Pod } from '../api/types/core.ts';
import { isPodReady } from '../model/workloads/pod-state.ts';
import { hasLabels, replicaPodOf } from '../model/workloads/pods.ts';
import { victimsOf } from '../model/workloads/scale-down.ts';
import { done, type Outcome } from '../reconcile/outcome.ts';
import { controllerOf, reconcilerFor, type Controller, type ControllerContext } from './controller.ts';
import { activePods, createPods, deletePods, ownerKeyOf } from './pod-writes.ts';
import { createStatusWriter, enqueueChanges } from './status.ts';

/** Keeps as many pods of every ReplicaSet as it asks for. */
export function createReplicaSetController(context: ControllerContext): Controller {
  const { cache } = context;
  /** How many names each set has used, by uid: they are not used again while we run. */
  const made = new Map<string, number>();
  const status = createStatusWriter(context, {
    resource: resources.replicasets,
    informer: cache.replicaSets,
    statusOf: (set) => statusOf(set, activePods(context, set)),
  });

  async function reconcile(key: string): Promise<Outcome> {
    const set = cache.replicaSets.get(key);
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return done;
    const pods = activePods(context, set);
    const wanted = set.spec.replicas ?? 1;
    status.touch(key);
    if (pods.length < wanted) await createMissing(set, wanted - pods.length);
    else if (pods.length > wanted) await deletePods(context, victimsOf(pods, pods.length - wanted));
    return done;
  }

  /** After a failure the same names are tried again, so that a lost answer never makes a second pod. */
  async function createMissing(set: ReplicaSet, count: number): Promise<void> {
    const { uid = '', namespace = '' } = set.metadata;
    const pods: Pod[] = [];
    let index = made.get(uid) ?? 0;
    for (; pods.length < count; index++) {
      const pod = replicaPodOf(set, index);
      if (cache.pods.get(`${namespace}/${pod.metadata.name}`) === undefined) pods.push(pod);
    }
    await createPods(context, set, pods);
    made.set(uid, index);
  }

  const reconciler = reconcilerFor(context, 'replicaset', reconcile);
  return controllerOf('replicaset', [reconciler, status.reconciler], () => [
    enqueueChanges(cache.replicaSets, (key) => reconciler.enqueue(key)),
    cache.replicaSets.onChange(({ previous, current }) => {
      if (current === undefined) made.delete(previous?.metadata.uid ?? '');
    }),
    cache.pods.onChange(({ previous, current }) => {
      const key = ownerKeyOf(current ?? previous, 'ReplicaSet');
      if (key === undefined) return;
      if (countsAlike(previous, current)) status.touch(key);
      else reconciler.enqueue(key);
    }),
  ]);
}

/** Whether a pod's change cannot change how many of its set's pods count. */
function countsAlike(previous: Pod | undefined, current: Pod | undefined): boolean {
  if (previous === undefined || current === undefined) return false;
  const same = (pick: (pod: Pod) => unknown): boolean => pick(previous) === pick(current);
  return same(({ metadata }) => metadata.deletionTimestamp) && same(({ status }) => status?.phase);
}

function statusOf(set: ReplicaSet, pods: readonly Pod[]): NonNullable<ReplicaSet['status']> {
  const ready = pods.filter(isPodReady).length;
  const labels = set.spec.template?.metadata?.labels;
  return {
    replicas: pods.length,
    fullyLabeledReplicas: pods.filter((pod) => hasLabels(pod, labels)).length,
    readyReplicas: ready,
    availableReplicas: ready,
    observedGeneration: set.metadata.generation ?? 0,
  };
}
