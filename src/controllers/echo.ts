import { keyOf } from '../api/resources.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import type { Informer } from '../client/port.ts';
import type { Clock } from '../lib/clock.ts';

/**
 * Waits until an informer has seen our own writes. A handler that ends before would decide again from a cache
 * without them, and do everything twice.
 */
export interface Echo {
  /** Resolves when the cache is at least as new as this object, which a write returned. */
  written(object: KubernetesObject): Promise<void>;
  /** Resolves when the cache no longer holds this very object (its uid), or holds it as being deleted. */
  deleted(object: KubernetesObject): Promise<void>;
  /** Lets everybody go who still waits. */
  end(): void;
}

/**
 * A watch that has not told a write of our own by now has lost it, or is on its way to be found broken: the cache is
 * stale and is renewed, as often as it takes. Nobody goes on without it.
 */
const patienceMs = 5_000;

export function createEcho<T extends KubernetesObject>(informer: Informer<T>, clock: Clock): Echo {
  const waiting = new Map<string, Set<() => void>>();
  let ended = false;
  const endWatch = informer.onChange(({ key }) => look(key));

  function look(key: string): void {
    for (const holdsNow of Array.from(waiting.get(key) ?? [])) holdsNow();
  }

  function until(key: string, holds: () => boolean): Promise<void> {
    if (ended || holds()) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        cancel();
        const looks = waiting.get(key);
        looks?.delete(lookNow);
        if (looks?.size === 0) waiting.delete(key);
        resolve();
      };
      const lookNow = (): void => {
        if (ended || holds()) finish();
      };
      const renew = (): void => {
        cancel = clock.after(patienceMs, renew);
        // A bookmark may have brought the version, which tells nobody of a change.
        if (holds()) finish();
        else informer.renew();
      };
      let cancel = clock.after(patienceMs, renew);
      const looks = waiting.get(key);
      if (looks === undefined) waiting.set(key, new Set([lookNow]));
      else looks.add(lookNow);
    });
  }

  return {
    written(object) {
      const version = Number(object.metadata.resourceVersion);
      const key = keyOf(object);
      return until(key, () => {
        const held = informer.get(key)?.metadata.resourceVersion;
        // An older object beside a newer version of the whole: the watch has lost what came between.
        return Number(informer.resourceVersion) >= version && Number(held ?? version) >= version;
      });
    },
    deleted(object) {
      const key = keyOf(object);
      return until(key, () => {
        const now = informer.get(key)?.metadata;
        return now?.uid !== object.metadata.uid || now?.deletionTimestamp !== undefined;
      });
    },
    end() {
      ended = true;
      endWatch();
      for (const key of Array.from(waiting.keys())) look(key);
    },
  };
}
