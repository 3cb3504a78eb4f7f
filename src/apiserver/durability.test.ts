import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type ClientHttp2Session } from 'node:http2';
import test from 'node:test';
import { createStoreOver } from './store/store.ts';
import { faultyDatabase } from './testing/faulty-database.ts';
import { startLocalServer, type LocalServer } from './testing/local-server.ts';

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

test('what the disk does not take is refused, nobody hears of it, and its address is free again', async (t) => {
  const database = faultyDatabase(':memory:');
  const server = await startLocalServer({ store: createStoreOver(database) });
  t.after(() => server.close());
  const session = connect(server.access.server, { ca: server.access.ca });
  t.after(() => session.destroy());
  assert.equal((await ask(session, server, ['POST', services, service('before')])).status, 201);

  const authorization = `Bearer ${server.access.token}`;
  const watch = session.request({ ':path': `${services}?watch=true`, authorization });
  watch.on('error', () => {});
  let heard = '';
  watch.setEncoding('utf8').on('data', (piece: string) => (heard += piece));
  await once(watch, 'data');
  const cut = new Promise<void>((resolve) => watch.once('close', resolve));

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
  await cut;
  assert.match(heard, /"name":"before"/);
  assert.doesNotMatch(heard, /lost|DELETED/);

  database.heal();
  assert.equal(server.store.resourceVersion, version);
  assert.equal((await ask(session, server, ['GET', `${services}/before`])).status, 200);
  assert.equal((await ask(session, server, ['GET', `${services}/lost`])).status, 404);
  const again = await ask(session, server, ['POST', services, service('again', '10.96.0.77')]);
  assert.equal(again.status, 201, again.body);
});
