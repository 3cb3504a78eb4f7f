import { keyOf } from '../../api/resources.ts';
import type { Pod } from '../../api/types/core.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { NetworkNamespaces } from '../../kernel/netns/port.ts';
import type { PodSettings, Serving } from './pod-life.ts';
import { podNetns } from './pod-netns.ts';

/** Removes what an earlier process set up for pods that are gone: namespaces, files, stand-ins. */
export interface Sweep {
  /**
   * Removes what is there of pods that went while nobody looked. To be called once, when the API's pods are known and
   * before any is set up.
   */
  start(): Promise<void>;
  /**
   * These pods changed, came or went. What an earlier process had begun for one that goes before any node has claimed
   * it is nobody else's to remove.
   */
  podsChanged(keys: Iterable<string>): void;
}

export interface SweepOptions {
  readonly namespaces: Pick<NetworkNamespaces, 'list' | 'delete'>;
  readonly settings: PodSettings;
  readonly servings: readonly Serving[];
  /** By key, as the API has them now. */
  readonly pods: { get(key: string): Pod | undefined; values(): Iterable<Pod> };
  /** Whether a node runs a pod with this key and uid, and will take it down. */
  readonly isRun: (key: string, uid: string) => boolean;
  readonly log: Log;
}

export function createSweep(options: SweepOptions): Sweep {
  const { namespaces, settings, servings, pods, log } = options;
  /** Uids of the pods of which something was there at the start, by key. */
  const inherited = new Map<string, string>();
  const uidsNow = (): string[] => Array.from(pods.values(), uidOf);

  const unserve = async (serving: Serving, choose: Chooser): Promise<void> => {
    try {
      await Promise.all(choose(await serving.list()).map(({ uid }) => serving.unserve(uid)));
    } catch (thrown) {
      log.debug({ error: messageOf(thrown) }, 'a process that serves pods could not be asked');
    }
  };

  const remove = (uid: string): void => {
    namespaces.delete(podNetns(uid));
    settings.remove(uid);
    for (const serving of servings)
      void unserve(serving, (served) => served.filter((one) => one.uid === uid));
  };

  return {
    async start() {
      const known = new Set(uidsNow());
      const netns = namespaces.list().filter((name) => name.startsWith(podNetns('')));
      const kept = new Set(Array.from(known, podNetns));
      for (const name of netns) if (!kept.has(name)) namespaces.delete(name);
      const withSettings = new Set(settings.list());
      for (const uid of withSettings) if (!known.has(uid)) settings.remove(uid);
      const found = new Set(netns);
      for (const pod of pods.values()) {
        const uid = uidOf(pod);
        if (found.has(podNetns(uid)) || withSettings.has(uid)) inherited.set(keyOf(pod), uid);
      }
      const strangers: Chooser = (served) => {
        // Pods may have come since, and are served already.
        for (const uid of uidsNow()) known.add(uid);
        return served.filter(({ uid, pod }) => isPod(pod) && !known.has(uid));
      };
      await Promise.all(servings.map((serving) => unserve(serving, strangers)));
    },
    podsChanged(keys) {
      if (inherited.size === 0) return;
      for (const key of keys) {
        const uid = inherited.get(key);
        const pod = pods.get(key);
        if (uid === undefined || (pod !== undefined && uidOf(pod) === uid)) continue;
        inherited.delete(key);
        if (!options.isRun(key, uid)) remove(uid);
      }
    },
  };
}

type Served = Awaited<ReturnType<Serving['list']>>;
type Chooser = (served: Served) => Served;

function uidOf({ metadata }: Pod): string {
  return metadata.uid ?? '';
}

/** Pods are `namespace/name`; machines of the fabric, which others have served, are plain names. */
function isPod(name: string): boolean {
  return name.includes('/');
}
