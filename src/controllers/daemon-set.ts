import { resources } from '../api/resources.ts';
import type { DaemonSet } from '../api/types/apps.ts';
import type { Node, Pod } from '../api/types/core.ts';
import { sameJson } from '../lib/same-json.ts';
import { hasEnded, isPodReady } from '../model/workloads/pod-state.ts';
import { daemonPodOf, isDaemonNode, revisionLabel, revisionOf } from '../model/workloads/pods.ts';
import { scaled } from '../model/workloads/rollout.ts';
import { done, type Outcome } from '../reconcile/outcome.ts';
import { controllerOf, reconcilerFor, type Controller, type ControllerContext } from './controller.ts';
import { activePods, createPods, deletePods, ownerKeyOf } from './pod-writes.ts';
import { createStatusWriter, enqueueChanges } from './status.ts';

/** Keeps one pod of every DaemonSet on every node it is for. */
export function createDaemonSetController(context: ControllerContext): Controller {
  const { cache } = context;
  const status = createStatusWriter(context, {
    resource: resources.daemonsets,
    informer: cache.daemonSets,
    statusOf: (set) => statusOf(set, wantedNodes(set), activePods(context, set)),
  });

  function wantedNodes(set: DaemonSet): Set<string> {
    const wanted = [...cache.nodes.values()].filter((node) => isDaemonNode(set, node));
    return new Set(wanted.map(({ metadata }) => metadata.name));
  }

  async function reconcile(key: string): Promise<Outcome> {
    const set = cache.daemonSets.get(key);
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return done;
    status.touch(key);
    const pods = cache.podsByOwner
      .get(set.metadata.uid ?? '')
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const nodes = wantedNodes(set);
    const { keep, surplus } = sortOut(pods, nodes);
    const missing = [...nodes].filter((node) => !keep.has(node));
    await Promise.all([
      createPods(
        context,
        set,
        missing.map((node) => freshPod(set, node)),
      ),
      deletePods(context, [
        ...surplus,
        ...outdated(set, { keep, nodes: nodes.size, missing: missing.length }),
      ]),
    ]);
    return done;
  }

  /** A name that is free: one node's pod of one template may have been deleted and made before. */
  function freshPod(set: DaemonSet, node: string): Pod {
    for (let attempt = 0; ; attempt++) {
      const pod = daemonPodOf(set, node, attempt === 0 ? '' : String(attempt));
      if (cache.pods.get(`${set.metadata.namespace ?? ''}/${pod.metadata.name}`) === undefined) return pod;
    }
  }

  function enqueueAll(): void {
    for (const { metadata } of cache.daemonSets.values()) {
      reconciler.enqueue(
        metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`,
      );
    }
  }

  const reconciler = reconcilerFor(context, 'daemonset', reconcile);
  return controllerOf('daemonset', [reconciler, status.reconciler], () => [
    enqueueChanges(cache.daemonSets, (key) => reconciler.enqueue(key)),
    cache.nodes.onChange(({ previous, current }) => {
      if (!sameLabels(previous, current)) enqueueAll();
    }),
    cache.pods.onChange(({ previous, current }) => {
      const key = ownerKeyOf(current ?? previous, 'DaemonSet');
      if (key !== undefined) reconciler.enqueue(key);
    }),
  ]);
}

function sameLabels(previous: Node | undefined, current: Node | undefined): boolean {
  if (previous === undefined || current === undefined) return false;
  return sameJson(previous.metadata.labels, current.metadata.labels);
}

/** One living pod per wanted node stays, a ready one if there is; all others go. */
function sortOut(
  pods: readonly Pod[],
  nodes: ReadonlySet<string>,
): { keep: Map<string, Pod>; surplus: Pod[] } {
  const keep = new Map<string, Pod>();
  const surplus: Pod[] = [];
  for (const pod of pods.toSorted((a, b) => Number(isPodReady(b)) - Number(isPodReady(a)))) {
    const node = pod.spec.nodeName ?? '';
    if (nodes.has(node) && !keep.has(node) && !hasEnded(pod)) keep.set(node, pod);
    else surplus.push(pod);
  }
  return { keep, surplus };
}

/** Pods of an old template that may go now: as many as may be missing at the same time, those not ready first. */
function outdated(
  set: DaemonSet,
  { keep, nodes, missing }: { keep: ReadonlyMap<string, Pod>; nodes: number; missing: number },
): Pod[] {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  if (type === 'OnDelete') return [];
  const old = [...keep.values()].filter((pod) => !isCurrent(set, pod));
  const unready = [...keep.values()].filter((pod) => !isPodReady(pod)).length + missing;
  const allowed = Math.max(1, scaled(rollingUpdate?.maxUnavailable ?? 1, nodes, Math.ceil)) - unready;
  const oldUnready = old.filter((pod) => !isPodReady(pod));
  return [...oldUnready, ...old.filter(isPodReady).slice(0, Math.max(0, allowed))];
}

function isCurrent(set: DaemonSet, pod: Pod): boolean {
  return pod.metadata.labels?.[revisionLabel] === revisionOf(set);
}

function statusOf(
  set: DaemonSet,
  nodes: ReadonlySet<string>,
  pods: readonly Pod[],
): NonNullable<DaemonSet['status']> {
  const placed = pods.filter(({ spec }) => nodes.has(spec.nodeName ?? ''));
  const ready = placed.filter(isPodReady).length;
  return {
    observedGeneration: set.metadata.generation ?? 0,
    desiredNumberScheduled: nodes.size,
    currentNumberScheduled: placed.length,
    numberMisscheduled: pods.length - placed.length,
    numberReady: ready,
    numberAvailable: ready,
    updatedNumberScheduled: placed.filter((pod) => isCurrent(set, pod)).length,
  };
}
