/**
 * What dashboards and terminal UIs ask, as they ask it: on one HTTP/2 connection, lists of all kinds at once as tables
 * and as metadata, and a watch of every kind's metadata with bookmarks.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type ClientHttp2Session } from 'node:http2';
import { test, type TestContext } from 'node:test';
import { startLocalServer, type LocalServer } from '../../src/apiserver/testing/local-server.ts';

const pods = 300;

interface Kind {
  readonly path: string;
  readonly verbs: readonly string[];
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** A server with some hundred pods, and a client's connection to it. */
async function dashboardOn(t: TestContext): Promise<{ server: LocalServer; session: ClientHttp2Session }> {
  const server = await startLocalServer();
  const { ca } = server.access;
  const session = connect(`https://127.0.0.1:${server.port}`, { ca });
  t.after(async () => {
    session.destroy();
    await server.close();
  });
  for (let n = 0; n < pods; n++) {
    const metadata = { name: `pod-${n}`, namespace: 'default', labels: { n: String(n) } };
    const spec = { containers: [{ name: 'c', image: 'i' }] };
    server.store.put('pods', `default/pod-${n}`, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
  }
  return { server, session };
}

function headersOf({ access }: LocalServer, path: string, accept: string): Record<string, string> {
  return { ':path': path, accept, authorization: `Bearer ${access.token}` };
}

async function get(
  { server, session }: { server: LocalServer; session: ClientHttp2Session },
  path: string,
  accept: string,
): Promise<Answer> {
  const stream = session.request(headersOf(server, path, accept));
  const [head] = (await once(stream, 'response')) as [Record<string, unknown>];
  const text = Buffer.concat((await stream.toArray()) as Buffer[]).toString();
  return { status: Number(head[':status']), body: JSON.parse(text) as Record<string, unknown> };
}

const discovery = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
const tables = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const metadataLists = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
const metadataOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';

interface Discovered {
  readonly items: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
      readonly resources: readonly { readonly resource: string; readonly verbs: readonly string[] }[];
    }[];
  }[];
}

/** Every kind that the discovery of one request names. */
async function kindsOf(on: Parameters<typeof get>[0]): Promise<Kind[]> {
  const roots = await Promise.all(['/api', '/apis'].map((path) => get(on, path, discovery)));
  return roots.flatMap(({ body }) =>
    (body as unknown as Discovered).items.flatMap(({ metadata, versions }) =>
      versions.flatMap(({ version, resources }) =>
        resources.map(({ resource, verbs }) => {
          const group = metadata?.name ?? '';
          return { verbs, path: `${group === '' ? '/api' : `/apis/${group}`}/${version}/${resource}` };
        }),
      ),
    ),
  );
}

const names = (items: unknown): string[] =>
  (items as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name);

test('lists of every kind at once are tables or metadata, as they were asked for', async (t) => {
  const on = await dashboardOn(t);
  const listed = (await kindsOf(on)).filter(({ verbs }) => verbs.includes('list'));
  assert.ok(listed.length > 30, `only ${listed.length} kinds`);
  await Promise.all(
    listed.flatMap(({ path }) =>
      (
        [
          [tables, 'Table'],
          [metadataLists, 'PartialObjectMetadataList'],
        ] as const
      ).map(async ([accept, kind]) => {
        const { status, body } = await get(on, `${path}?limit=500`, accept);
        assert.deepEqual([status, body['kind'], body['apiVersion']], [200, kind, 'meta.k8s.io/v1'], path);
      }),
    ),
  );
});

test('hundreds of lists at once, in pages and by label, all answer the same', async (t) => {
  const on = await dashboardOn(t);
  const path = '/api/v1/pods';
  const pages = async (): Promise<string[]> => {
    const found: string[] = [];
    let next = '';
    do {
      const { body } = await get(on, `${path}?limit=70&continue=${encodeURIComponent(next)}`, metadataLists);
      found.push(...names(body['items']));
      next = (body['metadata'] as { continue?: string }).continue ?? '';
    } while (next !== '');
    return found;
  };
  const all = Array.from({ length: 40 }, pages);
  const one = Array.from({ length: 200 }, async (_, n) => {
    const { body } = await get(on, `${path}?labelSelector=n%3D${n}`, tables);
    const rows = body['rows'] as { cells: unknown[]; object: { kind: string } }[];
    return rows.map(({ cells, object }) => `${String(cells[0])} ${object.kind}`).join();
  });
  const expected = Array.from({ length: pods }, (_, n) => `pod-${n}`).toSorted();
  for (const found of await Promise.all(all)) assert.deepEqual(found, expected);
  for (const [n, found] of (await Promise.all(one)).entries())
    assert.equal(found, `pod-${n} PartialObjectMetadata`);
});

interface WatchEvent {
  readonly type: string;
  readonly object: {
    readonly kind: string;
    readonly spec?: unknown;
    readonly metadata: { readonly name?: string; readonly annotations?: Record<string, string> };
  };
}

/** Follows a watch; what comes is kept, and `seen` waits for it. */
function follow({ server, session }: Parameters<typeof get>[0], path: string) {
  const stream = session.request(headersOf(server, path, metadataOnly));
  const events: WatchEvent[] = [];
  let wake = (): void => {};
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) events.push(JSON.parse(line) as WatchEvent);
    wake();
  });
  const seen = async (isMeant: (event: WatchEvent) => boolean): Promise<void> => {
    while (!events.some(isMeant)) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { events, seen, end: () => stream.close() };
}

test('a watch of the metadata of every kind begins with what is there, says so, and goes on', async (t) => {
  const on = await dashboardOn(t);
  const watched = (await kindsOf(on)).filter(({ verbs }) => verbs.includes('watch'));
  assert.ok(watched.length > 30, `only ${watched.length} kinds`);
  const query =
    'watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
  const watches = new Map(watched.map(({ path }) => [path, follow(on, `${path}?${query}`)]));
  const isBegun = ({ type, object }: WatchEvent): boolean =>
    type === 'BOOKMARK' && object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true';
  await Promise.all([...watches.values()].map(({ seen }) => seen(isBegun)));

  const ofPods = watches.get('/api/v1/pods');
  assert.equal(ofPods?.events.filter(({ type }) => type === 'ADDED').length, pods);
  const metadata = { name: 'later', namespace: 'default' };
  on.server.store.put('configmaps', 'default/later', { apiVersion: 'v1', kind: 'ConfigMap', metadata });
  await watches.get('/api/v1/configmaps')?.seen(({ object }) => object.metadata.name === 'later');
  for (const [path, { events, end }] of watches) {
    for (const { object } of events) {
      assert.equal(object.kind, 'PartialObjectMetadata', path);
      assert.equal(object.spec, undefined, path);
    }
    end();
  }
});
