import { keyOf, layer2Resources } from '../../api/resources.ts';
import type { Pod } from '../../api/types/core.ts';
import type { VirtualMachine } from '../../api/types/fabric.ts';
import { attachmentsOf } from '../../model/attachments/attachments.ts';
import { networksAnnotation } from '../../model/attachments/selection.ts';
import type { Domains } from '../../model/fabric/layer2/domains.ts';
import { done, type Outcome } from '../../reconcile/outcome.ts';
import type { Reconciler } from '../../reconcile/reconciler.ts';
import { reconcilerFor, type ControllerContext } from '../controller.ts';
import type { SegmentClaims } from './claims.ts';

/** What gives pods the addresses of their further interfaces. */
export interface PodDemands {
  readonly reconciler: Reconciler;
  /** Segments, switches, machines or claims changed: pods that wait may have their addresses now. */
  wake(): void;
  /** Returns how to end it. */
  follow(): readonly (() => void)[];
}

interface PodDemandsOptions {
  readonly claims: SegmentClaims;
  readonly domains: () => Domains;
  readonly machines: { get(name: string): VirtualMachine | undefined };
}

/** Agents give back what their pods had. What is left of pods that are gone for so long is a leak. */
const leakMs = 60_000;

/** A pod keeps its addresses as long as it exists, whatever becomes of the definitions. */
export function createPodDemands(
  context: ControllerContext,
  { claims, domains, machines }: PodDemandsOptions,
): PodDemands {
  const { client, cache, events, clock } = context;
  const definitions = client.informer(layer2Resources.networkattachmentdefinitions);
  /** What pods that wait were told, by `namespace/name uid`. */
  const waiting = new Map<string, string>();
  const goneSince = new Map<string, number>();

  async function reconcile(key: string): Promise<Outcome> {
    await Promise.all([definitions.synced, claims.synced]);
    const [name = '', uid = ''] = key.split(' ');
    const pod = cache.pods.get(name);
    if (pod === undefined || pod.metadata.uid !== uid) return giveBack(key);
    if (pod.spec.nodeName === undefined || pod.metadata.deletionTimestamp !== undefined) return done;
    const found = attachmentsOf(pod, { definitions, domains: domains(), machines });
    const problems = typeof found === 'string' ? [found] : [];
    for (const demand of typeof found === 'string' ? [] : found.flatMap(({ demands }) => demands)) {
      const outcome = await claims.take(demand);
      if ('problem' in outcome) problems.push(outcome.problem);
    }
    tell(key, pod, problems.join('; '));
    return done;
  }

  function tell(key: string, pod: Pod, text: string): void {
    if (text !== '' && waiting.get(key) !== text) events.warn(pod, 'NetworkNotAttached', text);
    if (text === '') waiting.delete(key);
    else waiting.set(key, text);
  }

  async function giveBack(key: string): Promise<Outcome> {
    waiting.delete(key);
    const [name = '', uid = ''] = key.split(' ');
    const [namespace = '', podName = ''] = name.split('/');
    const held = claims.of({ kind: 'Pod', namespace, name: podName, uid });
    if (held.length === 0) {
      goneSince.delete(key);
      return done;
    }
    const since = goneSince.get(key) ?? clock.monotonic();
    goneSince.set(key, since);
    const left = since + leakMs - clock.monotonic();
    if (left > 0) return { kind: 'wait', afterMs: left };
    for (const claim of held) await claims.release(claim);
    goneSince.delete(key);
    return done;
  }

  const reconciler = reconcilerFor(context, 'segments-pods', reconcile);
  const look = (pod: Pod): void => {
    if (pod.metadata.annotations?.[networksAnnotation] === undefined) return;
    reconciler.enqueue(`${keyOf(pod)} ${pod.metadata.uid ?? ''}`);
  };
  const wake = (): void => {
    for (const key of waiting.keys()) reconciler.enqueue(key);
  };
  return {
    reconciler,
    wake,
    follow: () => [
      definitions.onChange(wake),
      cache.pods.onChange(({ previous, current }) => {
        // A pod of a name may have been followed by another.
        if (previous !== undefined && previous.metadata.uid !== current?.metadata.uid) look(previous);
        if (current !== undefined) look(current);
      }),
      claims.follow(({ spec: { holder } }, isGone) => {
        if (isGone) wake();
        if (isGone || holder.kind !== 'Pod') return;
        const { namespace = '', name, uid = '' } = holder;
        const pod = cache.pods.get(`${namespace}/${name}`);
        if (pod?.metadata.uid !== uid) reconciler.enqueue(`${namespace}/${name} ${uid}`);
      }),
    ],
  };
}
