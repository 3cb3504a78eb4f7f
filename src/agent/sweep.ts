import type { Pod } from '../api/types/core.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { NetworkNamespaces } from '../kernel/netns/port.ts';
import { podNetns, type PodSettings, type Serving } from './pod-life.ts';

export interface SweepOptions {
  readonly namespaces: Pick<NetworkNamespaces, 'list' | 'delete'>;
  readonly settings: PodSettings;
  readonly servings: readonly Serving[];
  readonly pods: () => Iterable<Pod>;
  readonly log: Log;
}

/**
 * Removes what an earlier process set up for pods that went while nobody looked: namespaces, files, stand-ins. To be
 * called when the API's pods are known and before any is set up.
 */
export async function sweep({ namespaces, settings, servings, pods, log }: SweepOptions): Promise<void> {
  const uidsNow = (): string[] => Array.from(pods(), ({ metadata }) => metadata.uid ?? '');
  const known = new Set(uidsNow());
  const kept = new Set(Array.from(known, podNetns));
  for (const name of namespaces.list()) {
    if (name.startsWith(podNetns('')) && !kept.has(name)) namespaces.delete(name);
  }
  for (const uid of settings.list()) if (!known.has(uid)) settings.remove(uid);
  await Promise.all(
    servings.map(async (serving) => {
      try {
        const served = await serving.list();
        // Pods may have come since, and are served already.
        for (const uid of uidsNow()) known.add(uid);
        const strangers = served.filter(({ uid, pod }) => isPod(pod) && !known.has(uid));
        await Promise.all(strangers.map(({ uid }) => serving.unserve(uid)));
      } catch (thrown) {
        log.debug({ error: messageOf(thrown) }, 'a process that serves pods could not be asked');
      }
    }),
  );
}

/** Pods are `namespace/name`; machines of the fabric, which others have served, are plain names. */
function isPod(name: string): boolean {
  return name.includes('/');
}
