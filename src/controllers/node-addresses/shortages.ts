import type { Pod } from '../../api/types/core.ts';
import { shortageText, type SubnetPicture } from '../../model/addressing/shortage.ts';
import { podAddresses } from '../../model/network/pod-addresses.ts';
import type { ControllerContext } from '../controller.ts';

/** Tells pods that wait for an address what is missing, and remembers which subnets are short. */
export interface Shortages {
  /** Returns after how many milliseconds to look again; undefined when there is no need. */
  tell(picture: SubnetPicture): number | undefined;
  isShort(subnet: string): boolean;
}

/** Pods often wait for a moment only, until their node takes what it was given: only later is it worth an Event. */
const patienceMs = 1_000;

/** A pod that waits. */
interface Waiting {
  readonly since: number;
  /** What it was told last: the same is not told again. */
  readonly told?: string;
}

export function createShortages(
  { events, clock }: Pick<ControllerContext, 'events' | 'clock'>,
  podsOf: (node: string) => readonly Pod[],
): Shortages {
  const short = new Set<string>();
  /** By node and uid. */
  const known = new Map<string, ReadonlyMap<string, Waiting>>();

  const tellPod = (pod: Pod, text: string, before: Waiting | undefined): Waiting => {
    const now = clock.monotonic();
    if (before === undefined) return { since: now };
    if (now - before.since < patienceMs || before.told === text) return before;
    events.warn(pod, 'AddressesExhausted', text);
    return { ...before, told: text };
  };

  return {
    isShort: (subnet) => short.has(subnet),
    tell(picture) {
      if (picture.missing.size === 0) short.delete(picture.subnet.id);
      else short.add(picture.subnet.id);
      let isNew = false;
      for (const node of picture.nodes) {
        const before = known.get(node);
        known.delete(node);
        const text = shortageText(picture, node);
        if (text === undefined) continue;
        const waiting = podsOf(node).filter((pod) => podAddresses(pod).length === 0);
        const now = waiting.map((pod) => {
          const { uid = '' } = pod.metadata;
          return [uid, tellPod(pod, text, before?.get(uid))] as const;
        });
        known.set(node, new Map(now));
        isNew ||= now.some(([, { told }]) => told === undefined);
      }
      return isNew ? patienceMs : undefined;
    },
  };
}
