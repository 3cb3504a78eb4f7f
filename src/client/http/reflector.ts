import type { Resource } from '../../api/resources.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { backOffMs } from '../../lib/back-off.ts';
import { messageOf } from '../../lib/errors.ts';
import { createLineSplitter } from '../../lib/lines.ts';
import { sleep } from '../../lib/sleep.ts';
import { createCache, type WatchEvent } from '../cache/cache.ts';
import { apiCode, apiError, unavailable } from '../errors.ts';
import type { Informer, ObjectList } from '../port.ts';
import type { Counters } from './counts.ts';
import type { Exchange } from './exchange.ts';
import { limits, wantedOf, type ClientOptions } from './options.ts';
import { collectionPath } from './path.ts';

export interface ReflectorOptions<T extends KubernetesObject> extends Pick<
  ClientOptions,
  'clock' | 'log' | 'watchSilenceMs' | 'withoutManagedFields'
> {
  readonly resource: Resource<T>;
  readonly exchange: Exchange;
  readonly list: () => Promise<ObjectList<T>>;
  readonly signal: AbortSignal;
  readonly counters: Counters;
}

const backOff = { firstMs: 20, mostMs: 5_000 };
/** How often a server is asked anew for a resource that it does not serve: its definition may come yet. */
const unservedMs = 10_000;
/** A watch is renewed by the server after this time, so that none lives for ever on one server of several. */
const watchSeconds = 300;
/**
 * Where not even a bookmark comes, somebody on the way has lost the watch without a word; what happened since comes
 * with the next watch from the same version.
 */
const usualSilenceMs = 100_000;
/**
 * A list older than what is held comes from a server that is behind, and would make every controller act on the past.
 * It is refused this many times in a row; then the server has truly gone back, as by a restored backup.
 */
const mostStaleLists = 8;

/**
 * Keeps a cache equal to the server's collection until the signal aborts: list, then watch from the list's
 * resourceVersion, and from the last event's after the watch ended. A new list only when the server forgot that
 * version (410) or sent an ERROR event, so that nothing is missed and nothing told twice.
 */
export function startReflector<T extends KubernetesObject>(options: ReflectorOptions<T>): Informer<T> {
  const renewal = createRenewal(options.counters);
  const cache = createCache<T>(options.log, () => renewal.ask());
  void follow({ ...options, renewal }, cache);
  return cache.informer;
}

/** A wish for a new list, which ends the watch that runs. */
interface Renewal {
  ask(): void;
  /** Whether there was a wish since the last call. */
  taken(): boolean;
  /** Calls back, once, when there is a wish, also an earlier one; until `undefined` is given. */
  interrupts(callback: (() => void) | undefined): void;
}

function createRenewal(counters: Counters): Renewal {
  let asked = false;
  let interrupt: (() => void) | undefined;
  return {
    ask() {
      if (asked) return;
      asked = true;
      counters.renewals += 1;
      interrupt?.();
    },
    taken() {
      const was = asked;
      asked = false;
      return was;
    },
    interrupts(callback) {
      interrupt = callback;
      if (asked) callback?.();
    },
  };
}

type Following<T extends KubernetesObject> = ReflectorOptions<T> & { readonly renewal: Renewal };

type WritableCache<T extends KubernetesObject> = ReturnType<typeof createCache<T>>;

/** How far a reflector is. */
interface Progress {
  /** Whether the cache holds a list that the watch can go on from. */
  listed: boolean;
  /** In a row. */
  failures: number;
  staleLists: number;
}

async function follow<T extends KubernetesObject>(
  options: Following<T>,
  cache: WritableCache<T>,
): Promise<void> {
  const { signal, clock } = options;
  const progress: Progress = { listed: false, failures: 0, staleLists: 0 };
  while (!signal.aborted) {
    const waitMs = await turn(options, cache, progress);
    if (waitMs > 0) await sleep(clock, waitMs, signal);
  }
}

/** One list where it takes one, and one watch until its end. Milliseconds until the next turn. */
async function turn<T extends KubernetesObject>(
  options: Following<T>,
  cache: WritableCache<T>,
  progress: Progress,
): Promise<number> {
  try {
    if (!progress.listed) await refill(options, cache, progress);
    if (options.signal.aborted) return 0;
    const events = await watchOnce(options, cache);
    if (options.renewal.taken()) progress.listed = false;
    progress.failures = events > 0 ? 0 : progress.failures + 1;
    // A watch that ends without an event is ordinary once in minutes, but must not become a busy loop.
    return progress.failures < 2 ? 0 : backOffMs(progress.failures, backOff);
  } catch (thrown) {
    return options.signal.aborted ? 0 : afterFailure(thrown, { options, cache, progress });
  }
}

async function refill<T extends KubernetesObject>(
  options: Following<T>,
  cache: WritableCache<T>,
  progress: Progress,
): Promise<void> {
  options.renewal.taken();
  options.counters.lists += 1;
  const list = await options.list();
  if (options.signal.aborted) return;
  progress.staleLists = isOlder(list, cache.informer) ? progress.staleLists + 1 : 0;
  // The server answers again: how long it did not must not make what follows slow.
  if (progress.staleLists === 1) progress.failures = 0;
  if (progress.staleLists > 0 && progress.staleLists <= mostStaleLists) throw staleList(options);
  cache.replace(list);
  progress.listed = true;
}

function afterFailure<T extends KubernetesObject>(
  thrown: unknown,
  { options, cache, progress }: { options: Following<T>; cache: WritableCache<T>; progress: Progress },
): number {
  const { log, resource } = options;
  progress.failures += 1;
  if (needsList(thrown)) progress.listed = false;
  log.debug({ resource: resource.plural, why: messageOf(thrown), listed: progress.listed }, 'watch ended');
  if (apiCode(thrown) === 'api-not-found') {
    progress.listed = false;
    cache.replace({ items: [], resourceVersion: '0' });
    return unservedMs;
  }
  return !progress.listed && progress.failures < 2 ? 0 : backOffMs(progress.failures, backOff);
}

/** Versions of one server can be compared; those that are no numbers are never taken for old. */
function isOlder(
  list: Pick<ObjectList<unknown>, 'resourceVersion'>,
  held: Pick<Informer<KubernetesObject>, 'resourceVersion'>,
): boolean {
  return Number(list.resourceVersion) < Number(held.resourceVersion);
}

function staleList({ counters, resource }: Following<KubernetesObject>): Error {
  counters.staleLists += 1;
  return unavailable(`list ${resource.plural}`, 'the list is older than what was seen before');
}

function needsList(thrown: unknown): boolean {
  const code = apiCode(thrown);
  return code === undefined || code === 'api-gone';
}

/** An ERROR event, whatever its code: after it the watch's position means nothing. */
class ErrorEvent extends Error {}

async function watchOnce<T extends KubernetesObject>(
  options: Following<T>,
  cache: WritableCache<T>,
): Promise<number> {
  const { resource, exchange, signal, renewal } = options;
  const query = new URLSearchParams({
    watch: 'true',
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(watchSeconds),
    resourceVersion: cache.informer.resourceVersion,
  });
  const what = `watch ${resource.plural}`;
  const stream = await exchange.stream(
    { method: 'GET', path: `${collectionPath(resource)}?${query.toString()}`, what },
    signal,
  );
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let events = 0;
  const silence = watchSilence(options, () => stream.close());
  const split = createLineSplitter(limits.lineBytes, (line) => {
    cache.apply(parseEvent<T>(wantedOf(line, options), what));
    events += 1;
  });
  stream.on('data', (chunk: Buffer) => {
    silence.heard();
    try {
      split(chunk);
    } catch (thrown) {
      reject(thrown);
      stream.removeAllListeners('data');
      stream.close();
    }
  });
  // A lost connection is an end like any other: the next watch continues from the last event.
  stream.on('error', () => {});
  stream.once('close', () => resolve(events));
  if (stream.destroyed) resolve(events);
  renewal.interrupts(() => stream.close());
  try {
    return await promise;
  } finally {
    renewal.interrupts(undefined);
    silence.end();
  }
}

/** Calls `lost` once when nothing was heard for too long. */
function watchSilence(
  { clock, counters, log, resource, watchSilenceMs: silentMs = usualSilenceMs }: Following<KubernetesObject>,
  lost: () => void,
): { heard(): void; end(): void } {
  let heardAt = clock.monotonic();
  const look = (): void => {
    const leftMs = heardAt + silentMs - clock.monotonic();
    if (leftMs > 0) {
      cancel = clock.after(leftMs, look);
      return;
    }
    counters.silentWatches += 1;
    log.warn({ resource: resource.plural, silentMs }, 'a watch went silent and is renewed');
    lost();
  };
  let cancel = clock.after(silentMs, look);
  return {
    heard() {
      heardAt = clock.monotonic();
    },
    end: () => cancel(),
  };
}

function parseEvent<T extends KubernetesObject>(line: string, what: string): WatchEvent<T> {
  const event: unknown = JSON.parse(line);
  if (isEvent<T>(event)) return event;
  const status = isStatusEvent(event) ? event.object : {};
  const error = apiError({ status: status.code ?? 500, ...status }, what);
  throw new ErrorEvent(error.message, { cause: error });
}

function isEvent<T>(value: unknown): value is WatchEvent<T> {
  if (typeof value !== 'object' || value === null || !('type' in value) || !('object' in value)) return false;
  const known =
    value.type === 'ADDED' ||
    value.type === 'MODIFIED' ||
    value.type === 'DELETED' ||
    value.type === 'BOOKMARK';
  const { object } = value;
  return known && typeof object === 'object' && object !== null && 'metadata' in object;
}

function isStatusEvent(
  value: unknown,
): value is { object: { code?: number; reason?: string; message?: string } } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'object' in value &&
    typeof value.object === 'object' &&
    value.object !== null
  );
}
