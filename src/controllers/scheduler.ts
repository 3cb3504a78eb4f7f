import { keyOf } from '../api/resources.ts';
import type { Node, Pod } from '../api/types/core.ts';
import type { Change } from '../client/port.ts';
import { apiCode } from '../client/errors.ts';
import { createNodeLoads } from '../model/workloads/node-loads.ts';
import { schedule } from '../model/workloads/schedule.ts';
import { done, type Outcome } from '../reconcile/outcome.ts';
import { controllerOf, reconcilerFor, type Controller, type ControllerContext } from './controller.ts';
import { exactly, nameOf } from './pod-writes.ts';

/** Nodes often become ready a moment after the first pods are there: only later is it worth an Event. */
const patienceMs = 1_000;

/** Binds every pod that has no node yet, one request each. */
export function createSchedulerController(context: ControllerContext): Controller {
  const { cache, client, config, events } = context;
  const nodeLoads = createNodeLoads();
  /** Pods on their way to a node, counted there before the cache shows it; by key. */
  const assumed = new Map<string, Pod>();
  /** Pods for which there is no room, and whether that was told. */
  const unplaced = new Map<string, 'new' | 'told'>();

  async function reconcile(key: string): Promise<Outcome> {
    const pod = cache.pods.get(key);
    if (pod === undefined || !needsNode(pod) || assumed.has(key)) {
      unplaced.delete(key);
      return done;
    }
    const placement = schedule(pod, cache.nodes.values(), nodeLoads.loads, config);
    if (placement.kind === 'nowhere') return wait(key, pod, placement.why);
    unplaced.delete(key);
    await bind(key, pod, placement.node);
    return done;
  }

  function wait(key: string, pod: Pod, why: string): Outcome {
    if (unplaced.get(key) === 'told') return done;
    if (unplaced.has(key)) {
      unplaced.set(key, 'told');
      events.warn(pod, 'FailedScheduling', why);
      return done;
    }
    unplaced.set(key, 'new');
    return { kind: 'wait', afterMs: patienceMs };
  }

  async function bind(key: string, pod: Pod, node: string): Promise<void> {
    const bound = { ...pod, spec: { ...pod.spec, nodeName: node } };
    assumed.set(key, bound);
    nodeLoads.set(key, bound);
    try {
      // The uid makes it this very pod, and not one that took its name meanwhile.
      await client.bind({ ...nameOf(pod), ...exactly(pod) }, node);
    } catch (thrown) {
      assumed.delete(key);
      nodeLoads.set(key, cache.pods.get(key));
      if (apiCode(thrown) !== 'api-not-found') throw thrown;
    }
  }

  function podChanged({ key, current }: Change<Pod>): void {
    const coming = assumed.get(key);
    const stillComing = coming !== undefined && current !== undefined && needsNode(current);
    if (stillComing && current.metadata.uid === coming.metadata.uid) return;
    assumed.delete(key);
    nodeLoads.set(key, current);
    if (current === undefined) {
      unplaced.delete(key);
      retryUnplaced();
    } else if (needsNode(current)) reconciler.enqueue(key);
  }

  function retryUnplaced(): void {
    for (const key of unplaced.keys()) reconciler.enqueue(key);
  }

  function nodeChanged({ previous, current }: Change<Node>): void {
    if (current !== undefined && !sameOffer(previous, current)) retryUnplaced();
  }

  const reconciler = reconcilerFor(context, 'scheduler', reconcile);
  return controllerOf('scheduler', [reconciler], () => [
    cache.pods.onChange(podChanged),
    cache.nodes.onChange(nodeChanged),
  ]);
}

function needsNode({ metadata, spec }: Pod): boolean {
  const isBound = spec.nodeName !== undefined && spec.nodeName !== '';
  const isGated = (spec.schedulingGates ?? []).length > 0;
  return !isBound && !isGated && metadata.deletionTimestamp === undefined;
}

/** Whether a node takes the same pods as before: heartbeats change nothing here. */
function sameOffer(previous: Node | undefined, current: Node): boolean {
  const offer = (node: Node | undefined): string =>
    JSON.stringify([
      node === undefined ? '' : keyOf(node),
      node?.metadata.labels,
      node?.spec?.unschedulable,
      node?.status?.allocatable,
      ...['Ready', 'NetworkUnavailable'].map(
        (wanted) => node?.status?.conditions?.find(({ type }) => type === wanted)?.status,
      ),
    ]);
  return offer(previous) === offer(current);
}
