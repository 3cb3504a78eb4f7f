import assert from 'node:assert/strict';
import {
  connect as connectHttp2,
  constants,
  createServer as createHttp2Server,
  type ClientHttp2Session,
  type ClientHttp2Stream,
} from 'node:http2';
import { connect as connectTcp, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import test, { type TestContext } from 'node:test';
import { startLocalServer, type LocalServer } from '../testing/local-server.ts';
import { createFakeClock } from '../../lib/fake-clock.ts';
import { silentLog } from '../../lib/log.ts';
import { createBacklog } from './backlog.ts';
import { textResponse } from './messages.ts';
import { createRequestListener } from './transport.ts';

const maps = '/api/v1/namespaces/default/configmaps';

async function localServer(t: TestContext): Promise<LocalServer> {
  const server = await startLocalServer();
  t.after(() => server.close());
  return server;
}

function session(t: TestContext, server: LocalServer): ClientHttp2Session {
  const client = connectHttp2(server.access.server, { ca: server.access.ca });
  client.on('error', () => {});
  t.after(() => client.destroy());
  return client;
}

interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly body?: string | Buffer;
  readonly headers?: Record<string, string>;
}

async function ask(
  client: ClientHttp2Session,
  server: LocalServer,
  { path, method = 'GET', body, headers }: Asked,
): Promise<{ status: number; body: string }> {
  const stream = client.request({
    ':path': path,
    ':method': method,
    'content-type': 'application/json',
    authorization: `Bearer ${server.access.token}`,
    ...headers,
  });
  stream.on('error', () => {});
  stream.end(body);
  return { status: await statusOf(stream), body: await textOf(stream) };
}

function statusOf(stream: ClientHttp2Stream): Promise<number> {
  return new Promise((resolve, reject) => {
    stream.once('response', (headers) => resolve(Number(headers[':status'])));
    stream.once('close', () => reject(new Error('closed without an answer')));
  });
}

async function textOf(stream: ClientHttp2Stream): Promise<string> {
  let text = '';
  stream.setEncoding('utf8');
  for await (const piece of stream) text += String(piece);
  return text;
}

/** What is wrong with each: none may cost more than its own Status. */
const bad: readonly (readonly [name: string, status: number, asked: Asked])[] = [
  ['deep nesting', 400, { path: maps, method: 'POST', body: `${'['.repeat(500_000)}${']'.repeat(500_000)}` }],
  ['half an object', 400, { path: maps, method: 'POST', body: '{"a":' }],
  ['invalid UTF-8', 400, { path: maps, method: 'POST', body: Buffer.from([0x22, 0xff, 0xfe, 0x22]) }],
  [
    'a key that changes prototypes',
    400,
    { path: maps, method: 'POST', body: '{"metadata":{"name":"x","labels":{"__proto__":{"polluted":"1"}}}}' },
  ],
  [
    'a constructor as a label',
    400,
    {
      path: maps,
      method: 'POST',
      body: '{"metadata":{"name":"x","labels":{"constructor":{"prototype":1}}}}',
    },
  ],
  ['nested YAML', 400, yaml('['.repeat(100_000))],
  ['YAML aliases that multiply', 400, yaml(billionLaughs())],
  [
    'protobuf that is none',
    400,
    {
      path: maps,
      method: 'POST',
      body: Buffer.alloc(100_000, 0xff),
      headers: { 'content-type': 'application/vnd.kubernetes.protobuf' },
    },
  ],
  ['a broken selector', 400, { path: `${maps}?labelSelector=${encodeURIComponent('a in (')}` }],
  ['a path that is no UTF-8', 400, { path: '/api/v1/namespaces/%ff/pods' }],
  ['a method of its own', 405, { path: maps, method: 'BREW' }],
];

function yaml(body: string): Asked {
  return { path: maps, method: 'POST', body, headers: { 'content-type': 'application/yaml' } };
}

function billionLaughs(): string {
  const lines = Array.from({ length: 20 }, (_, i) => {
    const item = i === 0 ? 'ha' : `*a${i - 1}`;
    return `a${i}: &a${i} [${Array.from({ length: 10 }, () => item).join(',')}]`;
  });
  return lines.join('\n');
}

test('whatever is sent, the answer is a Status, and the next request is served', async (t) => {
  const server = await localServer(t);
  const client = session(t, server);
  for (const [name, status, asked] of bad) {
    const reply = await ask(client, server, asked);
    assert.equal(reply.status, status, `${name}: ${reply.body.slice(0, 300)}`);
    const { kind, code } = JSON.parse(reply.body) as Record<string, unknown>;
    assert.deepEqual([kind, code], ['Status', status], name);
    assert.equal((await ask(client, server, { path: '/version' })).status, 200, name);
  }
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
});

test('who is not known gets 401 for every path alike, before anything of a body is read', async (t) => {
  const server = await localServer(t);
  const client = session(t, server);
  const replies = new Set<string>();
  for (const path of [maps, `${maps}/x`, '/api', '/apis/nothing', '/openapi/v2', '/', '/version']) {
    const { status, body } = await ask(client, server, { path, headers: { authorization: 'Bearer no' } });
    replies.add(`${status} ${body}`);
  }
  assert.equal(replies.size, 1);
  assert.match([...replies].join(), /^401 .*"reason":"Unauthorized"/);
  const upload = client.request({ ':path': maps, ':method': 'POST' });
  upload.on('error', () => {});
  upload.write('{');
  assert.equal(await statusOf(upload), 401, 'although the body never ends');
});

test('connections that never say anything disturb nobody', async (t) => {
  const server = await localServer(t);
  const open: Socket[] = [];
  t.after(() => open.forEach((socket) => socket.destroy()));
  for (let i = 0; i < 100; i++) {
    const socket = connectTcp(server.port, '127.0.0.1');
    socket.on('error', () => {});
    open.push(socket);
    await new Promise((resolve) => socket.once('connect', resolve));
    if (i % 2 === 0) socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02]));
  }
  const tls = connectTls({ port: server.port, host: '127.0.0.1', ca: server.access.ca });
  tls.on('error', () => {});
  open.push(tls);
  await new Promise((resolve) => tls.once('secureConnect', resolve));
  tls.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
  const client = session(t, server);
  assert.equal((await ask(client, server, { path: '/readyz' })).status, 200);
});

test('bodies that never end hold their own requests alone, and go with their connection', async (t) => {
  const server = await localServer(t);
  const [slow, quick] = [session(t, server), session(t, server)];
  const authorization = `Bearer ${server.access.token}`;
  const uploads = Array.from({ length: 500 }, () => {
    const stream = slow.request({ ':path': maps, ':method': 'POST', authorization });
    stream.on('error', () => {});
    stream.write('{"metadata":{"name":"');
    return stream;
  });
  await Promise.all(
    uploads.slice(-1).map((stream) => new Promise((resolve) => stream.once('ready', resolve))),
  );
  assert.equal((await ask(quick, server, { path: `${maps}?limit=1` })).status, 200);
  slow.destroy();
  const body = '{"metadata":{"name":"after"}}';
  assert.equal((await ask(quick, server, { path: maps, method: 'POST', body })).status, 201);
  const { body: list } = await ask(quick, server, { path: maps });
  assert.equal((JSON.parse(list) as { items: unknown[] }).items.length, 1, 'nothing came of the others');
});

test('watchers that read nothing share what waits for them, and others see every change', async (t) => {
  const server = await localServer(t);
  const [quick, ...lazies] = [1, 2, 3].map(() => session(t, server));
  assert.ok(quick);
  const watchers = 1000;
  const watch = { ':path': `${maps}?watch=true`, authorization: `Bearer ${server.access.token}` };
  for (let i = 0; i < watchers; i++) {
    const stream = lazies[i % lazies.length]?.request(watch);
    assert.ok(stream);
    stream.on('error', () => {});
    stream.pause();
    await statusOf(stream);
  }
  const reader = quick.request(watch);
  await statusOf(reader);
  const all = new Promise<void>((resolve) => {
    let lines = 0;
    reader.on('data', (piece: Buffer) => {
      lines += piece.toString().split('\n').length - 1;
      if (lines === 20) resolve();
    });
  });
  const before = process.memoryUsage().rss;
  const size = 200_000;
  for (let i = 0; i < 20; i++) {
    const body = JSON.stringify({ metadata: { name: `m${i}` }, data: { x: 'x'.repeat(size) } });
    assert.equal((await ask(quick, server, { path: maps, method: 'POST', body })).status, 201);
  }
  await all;
  const grown = (process.memoryUsage().rss - before) / 1e6;
  // All of it for all of them would be 4,000 MB, and the clients are in this process too.
  assert.ok(grown < 600, `${grown.toFixed(0)} MB more`);
});

test('a client that lists much at once, and reads it, gets all of it', async (t) => {
  const server = await localServer(t);
  const client = session(t, server);
  const body = (i: number): string =>
    JSON.stringify({ metadata: { name: `m${i}` }, data: { x: 'x'.repeat(1_000_000) } });
  for (let i = 0; i < 12; i++) {
    assert.equal((await ask(client, server, { path: maps, method: 'POST', body: body(i) })).status, 201);
  }
  // More than one connection of node:http2 may hold by itself, in the first of them and in all.
  const lists = Array.from({ length: 6 }, () => ask(client, server, { path: maps }));
  const small = ask(client, server, { path: '/api/v1/secrets' });
  for (const { status, body: text } of await Promise.all(lists)) {
    assert.equal(status, 200);
    assert.equal((JSON.parse(text) as { items: unknown[] }).items.length, 12);
  }
  assert.equal((await small).status, 200);
});

test('whoever asks for much and reads nothing is cut off before it holds too much, and others are served', async (t) => {
  const [bodyBytes, limit, asked] = [1_000_000, 8_000_100, 20];
  const clock = createFakeClock();
  const body = 'x'.repeat(bodyBytes);
  const listener = createRequestListener({
    handle: ({ path }) => Promise.resolve(textResponse(200, path === '/small' ? 'ok' : body)),
    log: silentLog,
    precheck: () => {},
    committed: () => undefined,
    backlog: { limit, clock },
  });
  const server = createHttp2Server(listener);
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = connectHttp2(`http://127.0.0.1:${port}`);
  client.on('error', () => {});
  t.after(() => client.destroy());
  const streams: ClientHttp2Stream[] = [];
  for (let i = 0; i < asked; i++) {
    const stream = client.request({ ':path': '/' });
    stream.on('error', () => {});
    stream.pause();
    streams.push(stream);
    await statusOf(stream);
  }
  const isCut = (stream: ClientHttp2Stream): boolean =>
    stream.rstCode === constants.NGHTTP2_ENHANCE_YOUR_CALM;
  const left = async (count: number): Promise<void> => {
    // A stream that is cut says so when what came before has been read.
    while (streams.filter((stream) => !isCut(stream)).length > count) await new Promise(setImmediate);
    assert.equal(streams.filter((stream) => !isCut(stream)).length, count);
  };
  assert.equal(await textOf(client.request({ ':path': '/small' })), 'ok');
  await left(2 * Math.floor(limit / bodyBytes));
  await clock.advance(5_000);
  assert.equal(await textOf(client.request({ ':path': '/small' })), 'ok');
  await left(Math.floor(limit / bodyBytes));
});

test('a selector of any size is answered or refused, and costs nobody else', async (t) => {
  const server = await localServer(t);
  const client = session(t, server);
  const values = Array.from({ length: 5000 }, (_, i) => `v${i}`).join(',');
  const huge = [
    `labelSelector=${encodeURIComponent(`app in (${values})`)}`,
    `labelSelector=${'a,'.repeat(20_000)}a`,
  ];
  for (const query of huge) {
    // Above what a head may hold, the stream or the session ends before there is a request.
    const status = await ask(client, server, { path: `${maps}?${query}` }).then(
      (reply) => reply.status,
      () => 431,
    );
    assert.ok([200, 400, 431].includes(status), String(status));
    const next = session(t, server);
    assert.equal((await ask(next, server, { path: '/readyz' })).status, 200);
  }
  const most = `app in (${Array.from({ length: 800 }, (_, i) => `v${i}`).join(',')})`;
  const path = `${maps}?labelSelector=${encodeURIComponent(most)}`;
  assert.equal((await ask(session(t, server), server, { path })).status, 200);
});

test('whoever stands still goes when all hold too much, and whoever reads stays', async () => {
  const cut: string[] = [];
  const clock = createFakeClock();
  const backlog = createBacklog({ limit: 100, clock });
  const member = (name: string): { cut(): void } => ({ cut: () => void cut.push(name) });
  const [reader, idler] = [member('reader'), member('idler')];
  backlog.changed(idler, 60);
  backlog.changed(reader, 100);
  await clock.advance(4_000);
  backlog.changed(reader, -1);
  assert.deepEqual(cut, [], 'too much, and nobody has stood still for long');
  await clock.advance(1_000);
  assert.deepEqual(cut, ['idler']);
  backlog.changed(reader, 1);
  await clock.advance(60_000);
  assert.deepEqual(cut, ['idler'], 'what the idler held counts no more');
  backlog.changed(member('another'), 90);
  backlog.changed(reader, 11);
  assert.deepEqual(cut, ['idler', 'reader'], 'twice the limit is too much from anybody');
});
