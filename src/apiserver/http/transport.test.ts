import assert from 'node:assert/strict';
import { connect, constants, type ClientHttp2Session } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { createCredentials } from '../credentials/credentials.ts';
import { createApiServer } from '../server.ts';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { createStore } from '../store/store.ts';
import { startLocalServer, type LocalServer } from '../testing/local-server.ts';
import { bodyLimitBytes } from './transport.ts';

async function localServer(t: TestContext): Promise<LocalServer> {
  const server = await startLocalServer();
  t.after(() => server.close());
  return server;
}

interface Reply {
  readonly status: number | undefined;
  readonly body: string;
}

/** One request over HTTP/1.1. */
function http1(
  server: LocalServer,
  options: { path: string; method?: string; body?: string; token?: string },
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const { path, method = 'GET', body = '', token = server.access.token } = options;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const request = httpsRequest(
    { host: '127.0.0.1', port: server.port, ca: server.access.ca, agent: false, path, method, headers },
    (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () =>
        resolve({ status: response.statusCode, body: Buffer.concat(pieces).toString() }),
      );
    },
  );
  request.on('error', reject);
  request.end(body);
  return promise;
}

function session(t: TestContext, server: LocalServer): ClientHttp2Session {
  const client = connect(server.access.server, { ca: server.access.ca });
  client.on('error', () => {});
  t.after(() => client.destroy());
  return client;
}

function http2(
  client: ClientHttp2Session,
  server: LocalServer,
  options: { path: string; method?: string; body?: string },
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const { path, method = 'GET', body } = options;
  const stream = client.request({
    ':path': path,
    ':method': method,
    authorization: `Bearer ${server.access.token}`,
  });
  let status: number | undefined;
  let text = '';
  stream.setEncoding('utf8');
  stream.on('response', (headers) => (status = headers[':status']));
  stream.on('data', (piece: string) => (text += piece));
  stream.on('end', () => resolve({ status, body: text }));
  stream.on('error', reject);
  stream.end(body);
  return promise;
}

const configMap = (name: string, size: number): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { x: 'x'.repeat(size) } });

test('HTTP/1.1 and HTTP/2 get the same answers over TLS', async (t) => {
  const server = await localServer(t);
  const [one, two] = [
    await http1(server, { path: '/api' }),
    await http2(session(t, server), server, { path: '/api' }),
  ];
  assert.equal(one.status, 200);
  assert.deepEqual(two, one);
  assert.equal((await http1(server, { path: '/api', token: 'wrong' })).status, 401);
});

test('a body above the limit is refused, over both protocols', async (t) => {
  const server = await localServer(t);
  const path = '/api/v1/namespaces/default/configmaps';
  const body = configMap('big', bodyLimitBytes);
  const reply = await http2(session(t, server), server, { path, method: 'POST', body });
  assert.equal(reply.status, 413);
  // Over HTTP/1.1 the server closes while the client still sends: it sees the status or a reset.
  const first = await http1(server, { path, method: 'POST', body }).catch(() => ({ status: 413 }));
  assert.equal(first.status, 413);
  assert.equal((await http1(server, { path: '/readyz' })).status, 200);
});

test('a watcher that does not read is cut off, and others are served meanwhile', async (t) => {
  const server = await localServer(t);
  const path = '/api/v1/namespaces/default/configmaps';
  const lazy = session(t, server);
  const watch = lazy.request({
    ':path': `${path}?watch=true`,
    authorization: `Bearer ${server.access.token}`,
  });
  const closed = new Promise<void>((resolve) => watch.once('close', resolve));
  watch.on('error', () => {});
  await new Promise((resolve) => watch.once('response', resolve));
  watch.pause();
  const busy = session(t, server);
  for (let i = 0; i < 16; i++) {
    const reply = await http2(busy, server, { path, method: 'POST', body: configMap(`c${i}`, 1_000_000) });
    assert.equal(reply.status, 201);
  }
  watch.resume();
  await closed;
  assert.equal(watch.rstCode, constants.NGHTTP2_ENHANCE_YOUR_CALM);
});

test('the server serves the connections of a listener that somebody else has', async (t) => {
  const server = await localServer(t);
  const credentials = createCredentials({ directory: `${server.directory}/credentials`, hosts: [] });
  const api = createApiServer({
    store: createStore({ path: ':memory:' }),
    clock: systemClock,
    log: silentLog,
    serviceCidr: '10.96.0.0/12',
    certificates: credentials.certificates,
    tokens: credentials.tokens,
  });
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  t.after(() => listener.close());
  api.attach(listener);
  const { port } = listener.address() as AddressInfo;
  assert.equal((await http1({ ...server, port }, { path: '/version' })).status, 200);
  await api.close();
});

test('closing ends watches and frees the port', async () => {
  const server = await startLocalServer();
  const client = connect(server.access.server, { ca: server.access.ca });
  client.on('error', () => {});
  const watch = client.request({
    ':path': '/api/v1/pods?watch=true',
    authorization: `Bearer ${server.access.token}`,
  });
  watch.on('error', () => {});
  await new Promise((resolve) => watch.once('response', resolve));
  const ended = new Promise<void>((resolve) => client.once('close', resolve));
  await server.close();
  await ended;
  await assert.rejects(http1(server, { path: '/readyz' }), { code: 'ECONNREFUSED' });
});
