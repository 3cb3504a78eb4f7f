import type { Pod } from '../../api/types/core.ts';
import { blockShortageText } from '../../model/addressing/shortage.ts';
import { placeOf, podRoom } from '../../model/network/places.ts';
import { podAddresses } from '../../model/network/pod-addresses.ts';
import { hasEnded } from '../../model/workloads/pod-state.ts';
import { done, type Outcome } from '../../reconcile/outcome.ts';
import { controllerOf, reconcilerFor, type Controller, type ControllerContext } from '../controller.ts';
import { indexOf } from '../index-of.ts';

/** Pods often wait for a moment only, until others have gone: only later is it worth an Event. */
const patienceMs = 1_000;

/** Tells pods that wait for an address what is missing, where every node has a block of its own. */
export function createBlockShortages(context: ControllerContext): Controller {
  const { cache, config, events } = context;
  const podsByNode = indexOf(cache.pods, (pod) => (takesAddress(pod) ? [pod.spec.nodeName ?? ''] : []));
  /** What a pod was told last, by uid: the same is not told again. */
  const told = new Map<string, string>();

  async function reconcile(name: string): Promise<Outcome> {
    const node = cache.nodes.get(name);
    const place = node && placeOf(node, config.model);
    const pods = podsByNode.get(name);
    const text = place && blockShortageText(place, pods.length);
    if (place === undefined || text === undefined) return done;
    const waiting = pods.filter(isWaiting);
    // Some of them are only on their way.
    if (pods.length - waiting.length < podRoom(place)) return { kind: 'wait', afterMs: patienceMs };
    for (const pod of waiting) {
      const { uid = '' } = pod.metadata;
      if (told.get(uid) === text) continue;
      told.set(uid, text);
      events.warn(pod, 'AddressesExhausted', text);
    }
    return done;
  }

  const reconciler = reconcilerFor(context, 'node-addresses', reconcile);
  return controllerOf('node-addresses', [reconciler], () => [
    () => podsByNode.end(),
    cache.pods.onChange(({ previous, current }) => {
      if (current !== undefined && takesAddress(current) && isWaiting(current)) {
        reconciler.enqueueAfter(current.spec.nodeName ?? '', patienceMs);
      } else told.delete((current ?? previous)?.metadata.uid ?? '');
    }),
  ]);
}

function takesAddress(pod: Pod): boolean {
  const { nodeName = '', hostNetwork } = pod.spec;
  return nodeName !== '' && hostNetwork !== true && !hasEnded(pod);
}

function isWaiting(pod: Pod): boolean {
  return podAddresses(pod).length === 0 && pod.metadata.deletionTimestamp === undefined;
}
