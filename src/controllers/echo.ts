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
  end(): void;
}

/** After this a waiter goes on regardless: names of what is created are repeatable, so nothing is doubled. */
const patienceMs = 5_000;

export function createEcho<T extends KubernetesObject>(informer: Informer<T>, clock: Clock): Echo {
  const waiting = new Map<string, Set<() => void>>();
  const end = informer.onChange(({ key }) => {
    for (const look of Array.from(waiting.get(key) ?? [])) look();
  });

  function until(key: string, holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        cancel();
        const looks = waiting.get(key);
        looks?.delete(look);
        if (looks?.size === 0) waiting.delete(key);
        resolve();
      };
      const look = (): void => {
        if (holds()) finish();
      };
      const cancel = clock.after(patienceMs, finish);
      const looks = waiting.get(key);
      if (looks === undefined) waiting.set(key, new Set([look]));
      else looks.add(look);
    });
  }

  return {
    written(object) {
      const version = Number(object.metadata.resourceVersion);
      return until(keyOf(object), () => Number(informer.resourceVersion) >= version);
    },
    deleted(object) {
      const key = keyOf(object);
      return until(key, () => {
        const now = informer.get(key)?.metadata;
        return now?.uid !== object.metadata.uid || now?.deletionTimestamp !== undefined;
      });
    },
    end,
  };
}
