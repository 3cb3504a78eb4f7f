import type { Pod } from '../../api/types/core.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { nodeShortageText, shortageText, type SubnetPicture } from '../../model/addressing/shortage.ts';
import { podAddresses } from '../../model/network/pod-addresses.ts';
import type { ControllerContext } from '../controller.ts';

/**
 * Tells pods that wait for an address what is missing, and nodes that were to have all of theirs from the start, and
 * remembers which subnets are short.
 */
export interface Shortages {
  /** Returns after how many milliseconds to look again; undefined when there is no need. */
  tell(picture: SubnetPicture): number | undefined;
  isShort(subnet: string): boolean;
}

/** They often wait for a moment only, until a node takes what it was given: only later is it worth an Event. */
const patienceMs = 1_000;

/** A pod or a node that waits. */
interface Waiting {
  readonly since: number;
  /** What it was told last: the same is not told again. */
  readonly told?: string;
}

export function createShortages(
  { events, clock, cache }: Pick<ControllerContext, 'events' | 'clock' | 'cache'>,
  podsOf: (node: string) => readonly Pod[],
): Shortages {
  const short = new Set<string>();
  /** By node and uid. */
  const known = new Map<string, ReadonlyMap<string, Waiting>>();

  const tellOne = (object: KubernetesObject, text: string, before: Waiting | undefined): Waiting => {
    const now = clock.monotonic();
    if (before === undefined) return { since: now };
    if (now - before.since < patienceMs || before.told === text) return before;
    events.warn(object, 'AddressesExhausted', text);
    return { ...before, told: text };
  };

  /** Who of a node waits, each with what it is to be told. */
  const waitingOn = (
    picture: SubnetPicture,
    name: string,
  ): readonly (readonly [KubernetesObject, string])[] => {
    const [node, ofNode] = [cache.nodes.get(name), nodeShortageText(picture, name)];
    const ofPods = shortageText(picture, name);
    const pods = ofPods === undefined ? [] : podsOf(name).filter((pod) => podAddresses(pod).length === 0);
    return [
      ...pods.map((pod) => [pod, ofPods ?? ''] as const),
      ...(node === undefined || ofNode === undefined ? [] : [[node, ofNode] as const]),
    ];
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
        const now = waitingOn(picture, node).map(([object, text]) => {
          const { uid = '' } = object.metadata;
          return [uid, tellOne(object, text, before?.get(uid))] as const;
        });
        if (now.length === 0) continue;
        known.set(node, new Map(now));
        isNew ||= now.some(([, { told }]) => told === undefined);
      }
      return isNew ? patienceMs : undefined;
    },
  };
}
