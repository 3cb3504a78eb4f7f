import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import test, { type TestContext } from 'node:test';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database } from './store/database.ts';
import { createStore, createStoreOver } from './store/store.ts';
import { faultyDatabase } from './testing/faulty-database.ts';
import { startLocalServer, type LocalServer } from './testing/local-server.ts';
import { slowDisk, type SlowDisk } from './testing/slow-disk.ts';

interface Reply {
  readonly status: number;
  readonly body: string;
}

async function ask(
  session: ClientHttp2Session,
  server: LocalServer,
  [method, path, body]: readonly [method: string, path: string, body?: object],
): Promise<Reply> {
  const authorization = `Bearer ${server.access.token}`;
  const stream = session.request({ ':path': path, ':method': method, authorization });
  stream.end(body === undefined ? undefined : JSON.stringify(body));
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
  let text = '';
  for await (const piece of stream.setEncoding('utf8')) text += String(piece);
  return { status: Number(headers[':status']), body: text };
}

const services = '/api/v1/namespaces/default/services';

const service = (name: string, clusterIP?: string): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...(clusterIP !== undefined && { clusterIP }) },
});

interface Heard {
  readonly stream: ClientHttp2Stream;
  readonly heard: () => string;
  readonly ended: Promise<void>;
}

function watchServices(session: ClientHttp2Session, server: LocalServer): Heard {
  const authorization = `Bearer ${server.access.token}`;
  const stream = session.request({ ':path': `${services}?watch=true`, authorization });
  stream.on('error', () => {});
  let heard = '';
  stream.setEncoding('utf8').on('data', (piece: string) => (heard += piece));
  const ended = new Promise<void>((resolve) => void stream.once('close', resolve));
  return { stream, heard: () => heard, ended };
}

test('what the disk does not take is refused, nobody hears of it, and its address is free again', async (t) => {
  const database = faultyDatabase(':memory:');
  const server = await startLocalServer({ store: createStoreOver(database) });
  t.after(() => server.close());
  const session = connect(server.access.server, { ca: server.access.ca });
  t.after(() => session.destroy());
  assert.equal((await ask(session, server, ['POST', services, service('before')])).status, 201);

  const watch = watchServices(session, server);
  await once(watch.stream, 'data');

  database.fail();
  const version = server.store.resourceVersion;
  const refused = await Promise.all([
    ask(session, server, ['POST', services, service('lost', '10.96.0.77')]),
    ask(session, server, ['DELETE', `${services}/before`]),
    ask(session, server, ['GET', `${services}/lost`]),
  ]);
  // A read of the same turn saw what was undone: it may not tell.
  for (const { status, body } of refused) {
    assert.ok(status === 500 || status === 404, `${status} ${body}`);
    assert.doesNotMatch(body, /10\.96\.0\.77/);
  }
  assert.deepEqual(
    refused.slice(0, 2).map(({ status }) => status),
    [500, 500],
  );
  await watch.ended;
  const heard = watch.heard();
  assert.match(heard, /"name":"before"/);
  assert.doesNotMatch(heard, /lost|DELETED/);

  database.heal();
  assert.equal(server.store.resourceVersion, version);
  assert.equal((await ask(session, server, ['GET', `${services}/before`])).status, 200);
  assert.equal((await ask(session, server, ['GET', `${services}/lost`])).status, 404);
  const again = await ask(session, server, ['POST', services, service('again', '10.96.0.77')]);
  assert.equal(again.status, 201, again.body);
});

interface Slow {
  readonly path: string;
  readonly disk: SlowDisk;
  readonly server: LocalServer;
  readonly session: ClientHttp2Session;
  /** What broke the store. */
  readonly broken: unknown[];
  /** The version up to which the disk has everything. */
  readonly durable: () => number;
}

async function startOnSlowDisk(t: TestContext): Promise<Slow> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-slow-'));
  const path = join(directory, 'store.db');
  const disk = slowDisk();
  const broken: unknown[] = [];
  const database = openDatabase({ path, syncFile: disk.syncFile });
  let [committed, durable] = [0, 0];
  const followed: Database = {
    ...database,
    write(events, trimTo) {
      database.write(events, trimTo);
      committed = events.at(-1)?.rv ?? committed;
    },
    async sync() {
      const version = committed;
      await database.sync();
      durable = version;
    },
  };
  const server = await startLocalServer({
    store: createStoreOver(followed, {
      onBroken: (failure) => broken.push(failure),
      // The disk has nothing else to do than what is written.
      quietMs: 1_000_000,
    }),
  });
  const session = connect(server.access.server, { ca: server.access.ca });
  t.after(async () => {
    session.destroy();
    await server.close();
    rmSync(directory, { recursive: true });
  });
  return { path, disk, server, session, broken, durable: () => durable };
}

const immediate = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** What a promise says while the disk is as fast as it is. */
async function on<T>(disk: SlowDisk, promise: Promise<T>): Promise<T> {
  const faster = setInterval(() => disk.finish(), 1);
  try {
    return await promise;
  } finally {
    clearInterval(faster);
  }
}

test('nothing is answered or read before the disk has it; watches hear of it before', async (t) => {
  const { disk, server, session, durable } = await startOnSlowDisk(t);
  const versionOf = (name: string): number | undefined => server.store.get('services', `default/${name}`)?.rv;
  const told: string[] = [];
  const tell = (how: string, name: string): void => {
    told.push(`${how} ${name}`);
    assert.ok((versionOf(name) ?? Infinity) <= durable(), `${how} ${name} before the disk had it`);
  };
  const watch = watchServices(session, server);
  const create = async (name: string): Promise<void> => {
    assert.equal((await ask(session, server, ['POST', services, service(name)])).status, 201);
    tell('created', name);
  };
  const read = async (name: string): Promise<void> => {
    await ask(session, server, ['GET', `${services}/${name}`]);
    tell('read', name);
  };
  await on(disk, Promise.all([create('before'), once(watch.stream, 'data')]));
  told.length = 0;

  const all: Promise<void>[] = [];
  for (const name of ['first', 'second']) {
    all.push(create(name));
    while (versionOf(name) === undefined) await immediate();
    all.push(read(name));
  }
  // The server does all that it can do without the disk: what came while that was at work is not written yet.
  while (!watch.heard().includes('"name":"first"')) await once(watch.stream, 'data');
  await new Promise((resolve) => void setTimeout(resolve, 50));
  assert.ok((versionOf('first') ?? 0) > durable());
  assert.doesNotMatch(watch.heard(), /"name":"second"/);
  assert.deepEqual(told, []);
  await on(disk, Promise.all(all));
  while (!watch.heard().includes('"name":"second"')) await once(watch.stream, 'data');
});

test('a watch hears of what is written, also while there is always something that is not', async (t) => {
  const { disk, server, session } = await startOnSlowDisk(t);
  const watch = watchServices(session, server);
  await on(disk, once(watch.stream, 'response'));
  void ask(session, server, ['POST', services, service('first')]);
  for (let i = 0; !watch.heard().includes('"name":"first"'); i++) {
    assert.ok(i < 500, 'nothing was heard');
    const metadata = { name: 'other', namespace: 'default' };
    server.store.put('configmaps', 'default/other', { apiVersion: 'v1', kind: 'ConfigMap', metadata });
    while (disk.waiting === 0) await immediate();
    // Written while the disk is at work: when that ends this is under way.
    server.store.put('configmaps', 'default/other', { apiVersion: 'v1', kind: 'ConfigMap', metadata });
    disk.finish();
    await new Promise((resolve) => void setTimeout(resolve, 2));
  }
});

test('a sync that fails after a watch heard of the write: the writer and every request fail, and the log still has it', async (t) => {
  const { disk, server, session, broken, path } = await startOnSlowDisk(t);
  assert.equal((await on(disk, ask(session, server, ['POST', services, service('kept')]))).status, 201);
  const watch = watchServices(session, server);
  await on(disk, once(watch.stream, 'data'));

  const lost = ask(session, server, ['POST', services, service('lost')]);
  while (server.store.get('services', 'default/lost') === undefined) await immediate();
  while (!watch.heard().includes('"name":"lost"')) await once(watch.stream, 'data');
  while (disk.waiting === 0) await immediate();
  disk.finish(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }));
  const { status, body } = await lost;
  assert.equal(status, 500);
  assert.match(body, /the store does not know what the disk has taken: EIO/);
  assert.equal(broken.length, 1);
  for (const request of [
    ['POST', services, service('later')],
    ['GET', `${services}/kept`],
    ['GET', '/readyz'],
  ] as const) {
    assert.equal((await ask(session, server, request)).status, 500, request[1]);
  }

  for (const suffix of ['', '-wal']) copyFileSync(`${path}${suffix}`, `${path}.copy${suffix}`);
  const again = createStore({ path: `${path}.copy` });
  t.after(() => again.close());
  assert.ok(again.get('services', 'default/kept'));
  assert.equal(again.get('services', 'default/lost')?.rv, server.store.get('services', 'default/lost')?.rv);
  assert.equal(again.get('services', 'default/later'), undefined);
});
