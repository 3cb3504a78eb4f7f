import { WeftError } from '../../lib/errors.ts';
import { expired, StatusError } from '../status.ts';
import type { Entry, Store, StoreEvent } from '../store/port.ts';

/** The objects of a resource, or of a namespace of it, and which moment they are of. */
export interface State {
  readonly entries: readonly Entry[];
  readonly resourceVersion: number;
}

export interface Place {
  readonly resource: string;
  readonly namespace: string | undefined;
}

/** Throws 504 for a version that is yet to come: clients then list without one (they may have met another store). */
export function requireReached(store: Store, version: number): void {
  if (version <= store.resourceVersion) return;
  const message = `Timeout: Too large resource version: ${version}, current: ${store.resourceVersion}`;
  throw new StatusError(504, 'Timeout', message, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

export function stateNow(store: Store, { resource, namespace }: Place): State {
  return { entries: store.list(resource, namespace), resourceVersion: store.resourceVersion };
}

/**
 * The state at an earlier version: the present one with what happened since undone. Throws 410 when the kept
 * history does not reach back.
 */
export function stateAt(store: Store, place: Place, version: number): State {
  const now = stateNow(store, place);
  const since = eventsAfter(store, place, version);
  if (since.length === 0) return { ...now, resourceVersion: version };
  const before = new Map<string, Entry | undefined>();
  for (const { entry, previous } of since.toReversed()) before.set(entry.key, previous);
  const entries = now.entries.filter(({ key }) => !before.has(key));
  for (const entry of before.values()) if (entry !== undefined) entries.push(entry);
  return { entries: entries.sort((one, other) => (one.key < other.key ? -1 : 1)), resourceVersion: version };
}

function eventsAfter(store: Store, { resource, namespace }: Place, version: number): StoreEvent[] {
  const events: StoreEvent[] = [];
  try {
    store.watch(resource, version, (event) => events.push(event))();
  } catch (thrown) {
    if (thrown instanceof WeftError && thrown.code === 'store-compacted') {
      throw expired(`The provided resource version is no longer kept: ${version}`);
    }
    throw thrown;
  }
  if (namespace === undefined) return events;
  return events.filter(({ entry }) => entry.key.startsWith(`${namespace}/`));
}
