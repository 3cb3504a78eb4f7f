import { WeftError } from '../../lib/errors.ts';
import type { ApiRequest, ApiResponse, Sink } from '../http/messages.ts';
import type { Api } from '../port.ts';
import { representationOf } from '../representation.ts';
import type { Representation } from '../representation-port.ts';
import type { Target } from '../routes.ts';
import { selectionOf, type Selects } from '../selection.ts';
import { expired, qualifiedName, statusOf } from '../status.ts';
import { stamp } from '../store/events.ts';
import type { EventType, StoreEvent } from '../store/port.ts';
import { listOptionsOf } from './list-options.ts';
import { countOf, flagOf } from './query.ts';
import { requireReached } from './versions.ts';

const bookmarkIntervalMs = 60_000;

/** Watches without `timeoutSeconds` last between half an hour and an hour, so that they do not all end at once. */
const defaultTimeoutMs = (): number => 1_800_000 * (1 + Math.random());

interface Watch {
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly selects: Selects | undefined;
  /** Undefined when the client wants the present state first. */
  readonly fromRv: number | undefined;
  readonly bookmarks: boolean;
  /** The client asked to be told when the present state is complete (KEP-3157). */
  readonly marksInitialEnd: boolean;
  readonly timeoutMs: number;
  readonly representation: Representation;
}

/** A stream of changes, one JSON document per line. */
export async function watchObjects(api: Api, target: Target, request: ApiRequest): Promise<ApiResponse> {
  const { query } = request;
  const seconds = countOf(query, 'timeoutSeconds');
  const { sendInitialEvents, version } = listOptionsOf(query);
  if (sendInitialEvents) requireReached(api.store, version);
  const watch: Watch = {
    resource: qualifiedName(target.resource),
    namespace: target.namespace,
    selects: selectionOf(target, query),
    fromRv: version === 0 || sendInitialEvents ? undefined : version,
    bookmarks: flagOf(query, 'allowWatchBookmarks'),
    marksInitialEnd: sendInitialEvents,
    timeoutMs: seconds > 0 ? seconds * 1000 : defaultTimeoutMs(),
    representation: await representationOf(request, target.resource, api.clock),
  };
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    stream: (sink) => start(api, watch, sink),
  };
}

function start(api: Api, watch: Watch, sink: Sink): () => void {
  const ends: (() => void)[] = [];
  const fromRv = watch.fromRv ?? sendPresent(api, watch, sink);
  try {
    const send = (event: StoreEvent): void => sendEvent(watch, event, sink);
    ends.push(api.store.watch(watch.resource, fromRv, send, () => sink.cut()));
  } catch (thrown) {
    if (!(thrown instanceof WeftError)) throw thrown;
    // As upstream does: the request was good, so the failure is an event of the stream.
    sink.write(`${JSON.stringify({ type: 'ERROR', object: statusOf(expired(thrown.message)) })}\n`);
    sink.end();
    return () => {};
  }
  const bookmark = (): void => {
    if (watch.bookmarks) sink.write(watch.representation.bookmark(api.store.resourceVersion));
  };
  if (watch.bookmarks) ends.push(every(api, bookmark));
  ends.push(
    api.clock.after(Math.min(watch.timeoutMs, 2 ** 31 - 1), () => {
      bookmark();
      sink.end();
    }),
  );
  return () => ends.forEach((end) => end());
}

function every(api: Api, run: () => void): () => void {
  let cancel = (): void => {};
  const arm = (): void => {
    cancel = api.clock.after(bookmarkIntervalMs, () => {
      run();
      arm();
    });
  };
  arm();
  return () => cancel();
}

/** Sends everything there is as additions; returns the version it is of. */
function sendPresent(api: Api, watch: Watch, sink: Sink): number {
  const { resourceVersion } = api.store;
  for (const entry of api.store.list(watch.resource, watch.namespace)) {
    if (watch.selects?.(entry.object) ?? true) sink.write(watch.representation.event('ADDED', entry));
  }
  if (watch.marksInitialEnd && watch.bookmarks) {
    sink.write(watch.representation.bookmark(resourceVersion, { 'k8s.io/initial-events-end': 'true' }));
  }
  return resourceVersion;
}

function sendEvent(watch: Watch, event: StoreEvent, sink: Sink): void {
  if (watch.namespace !== undefined && !event.entry.key.startsWith(`${watch.namespace}/`)) return;
  const type = watch.selects === undefined ? event.type : seenAs(event, watch.selects);
  if (type === undefined) return;
  // What leaves the selection is shown as it last was in it, with the version of its leaving.
  const leaves = type === 'DELETED' && event.type !== 'DELETED' && event.previous !== undefined;
  const entry = leaves ? stamp(event.entry.key, event.previous.object, event.rv) : event.entry;
  sink.write(watch.representation.event(type, entry));
}

/**
 * What a change is to a watcher that sees only selected objects: one that starts to match is added, one that
 * stops is deleted.
 */
function seenAs({ type, entry, previous }: StoreEvent, selects: Selects): EventType | undefined {
  const before = previous !== undefined && selects(previous.object);
  const now = type !== 'DELETED' && selects(entry.object);
  if (now) return before ? 'MODIFIED' : 'ADDED';
  return before ? 'DELETED' : undefined;
}
