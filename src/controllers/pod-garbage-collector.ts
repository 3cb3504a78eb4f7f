import { done, type Outcome } from '../reconcile/outcome.ts';
import { controllerOf, reconcilerFor, type Controller, type ControllerContext } from './controller.ts';
import { indexOf } from './index-of.ts';
import { deletePods } from './pod-writes.ts';

/** As upstream's pod garbage collector has it: a node that comes back within this keeps its pods. */
const quarantineMs = 40_000;

/** Deletes the pods of nodes that are not there: nobody else can say any more that they have ended. */
export function createPodGarbageCollector(context: ControllerContext): Controller {
  const { cache, clock, events } = context;
  const podsByNode = indexOf(cache.pods, ({ spec }) =>
    spec.nodeName === undefined || spec.nodeName === '' ? [] : [spec.nodeName],
  );
  /** When a node that has pods was first found missing. */
  const missingSince = new Map<string, number>();

  async function reconcile(node: string): Promise<Outcome> {
    const pods = podsByNode.get(node);
    if (pods.length === 0 || cache.nodes.get(node) !== undefined) {
      missingSince.delete(node);
      return done;
    }
    const since = missingSince.get(node) ?? clock.monotonic();
    missingSince.set(node, since);
    const afterMs = since + quarantineMs - clock.monotonic();
    if (afterMs > 0) return { kind: 'wait', afterMs };
    for (const pod of pods) events.warn(pod, 'NodeGone', `node ${node} has left the cluster`);
    await deletePods(context, pods);
    return done;
  }

  const reconciler = reconcilerFor(context, 'pod-garbage-collector', reconcile);
  return controllerOf('pod-garbage-collector', [reconciler], () => [
    () => podsByNode.end(),
    cache.nodes.onChange(({ key, current }) => {
      if (current === undefined || missingSince.has(key)) reconciler.enqueue(key);
    }),
    cache.pods.onChange(({ current }) => {
      const node = current?.spec.nodeName ?? '';
      if (node !== '' && cache.nodes.get(node) === undefined) reconciler.enqueue(node);
    }),
  ]);
}
