import assert from 'node:assert/strict';
import { once } from 'node:events';
import { duplexPair, type Duplex } from 'node:stream';
import { test } from 'node:test';
import { constants, createDeflate } from 'node:zlib';
import { WebSocket } from 'ws';
import { createFrameReader, encodeFrame, channels } from '../../lib/stream-frames.ts';
import { startLocalServer } from '../testing/local-server.ts';
import type { PodPlace, PodStreams } from './port.ts';
import { headerDictionary } from './spdy/dictionary.ts';
import { createHeaderCodec } from './spdy/headers.ts';
import { serveSpdy } from './spdy/session.ts';

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 'uid-1' },
  spec: { nodeName: 'node-1', containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }] }] },
};

/** A way into pods that ends in this process: programs repeat their input in upper case, ports say what they hear. */
function echoing(): PodStreams & { readonly asked: PodPlace[]; readonly open: Duplex[] } {
  const asked: PodPlace[] = [];
  const open: Duplex[] = [];
  const pair = (place: PodPlace): [Duplex, Duplex] => {
    asked.push(place);
    const [one, other] = duplexPair();
    // A broken connection is noticed at both ends.
    one.once('close', () => other.destroy());
    other.once('close', () => one.destroy());
    open.push(other);
    return [one, other];
  };
  return {
    asked,
    open,
    exec(place) {
      const [one, other] = pair(place);
      const send = (channel: number, text: string): boolean =>
        other.write(encodeFrame(channel, Buffer.from(text)));
      other.on(
        'data',
        createFrameReader((channel, payload) => {
          if (channel === channels.stdin) send(channels.stdout, payload.toString().toUpperCase());
          else if (channel === channels.resize) send(channels.stderr, payload.toString());
          else other.end(encodeFrame(channels.ended, Buffer.from('{"code":7}')));
        }),
      );
      return Promise.resolve(one);
    },
    connect(place, port) {
      if (port !== 80) return Promise.reject(new Error(`nobody listens on ${port}`));
      const [one, other] = pair(place);
      other.pipe(other);
      return Promise.resolve(one);
    },
    dial: () => Promise.reject(new Error('nobody there')),
    log: (place) => Promise.resolve(pair(place)[0]),
  };
}

async function serverWith(streams?: PodStreams) {
  const server = await startLocalServer(streams === undefined ? {} : { streams });
  server.store.put('pods', 'default/web', pod);
  return server;
}

/** A client's WebSocket on a subresource of the pod. */
function dial(server: Awaited<ReturnType<typeof serverWith>>, path: string, protocols: string[]): WebSocket {
  const url = `wss://127.0.0.1:${server.port}/api/v1/namespaces/default/pods/web/${path}`;
  const { ca, token } = server.access;
  return new WebSocket(url, protocols, { ca, headers: { authorization: `Bearer ${token}` } });
}

test('a program talks on the channels of a WebSocket, and its exit code comes last', async (t) => {
  const streams = echoing();
  const server = await serverWith(streams);
  t.after(() => server.close());
  const socket = dial(server, 'exec?command=x&stdin=true&stdout=true&stderr=true', ['v5.channel.k8s.io']);
  const heard: [number, string][] = [];
  socket.on('message', (data: Buffer) => heard.push([data[0] ?? -1, data.subarray(1).toString()]));
  await once(socket, 'open');
  assert.equal(socket.protocol, 'v5.channel.k8s.io');
  for (const text of ['\u0000hello', '\u0004{"Width":80,"Height":24}']) socket.send(Buffer.from(text));
  socket.send(Buffer.from([channels.close, channels.stdin]));
  await once(socket, 'close');
  const [status] = heard.splice(2);
  assert.deepEqual(heard, [
    [1, 'HELLO'],
    [2, '{"Width":80,"Height":24}'],
  ]);
  assert.equal(status?.[0], 3);
  const { reason, details } = JSON.parse(status?.[1] ?? '') as { reason: string; details: object };
  assert.deepEqual(
    [reason, details],
    ['NonZeroExitCode', { causes: [{ reason: 'ExitCode', message: '7' }] }],
  );
  assert.deepEqual(streams.asked, [{ uid: 'uid-1', name: 'web', node: 'node-1', hostNetwork: false }]);
});

test('a program is left when its client is gone, and a client hears when its program is lost', async (t) => {
  const streams = echoing();
  const server = await serverWith(streams);
  t.after(() => server.close());
  const path = 'exec?command=x&stdin=true&stdout=true';
  const leaver = dial(server, path, ['v4.channel.k8s.io']);
  await once(leaver, 'open');
  leaver.terminate();
  const [program] = streams.open;
  assert.ok(program);
  if (!program.destroyed) await once(program, 'close');

  const stayer = dial(server, path, ['v4.channel.k8s.io']);
  await once(stayer, 'open');
  streams.open[1]?.destroy();
  const [message] = (await once(stayer, 'message')) as [Buffer];
  assert.match(message.subarray(1).toString(), /InternalError.*lost/);
});

test('ports are channels of a WebSocket: data and errors of each', async (t) => {
  const server = await serverWith(echoing());
  t.after(() => server.close());
  const socket = dial(server, 'portforward?ports=80&ports=81', ['v4.channel.k8s.io']);
  const heard: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on('message', (data: Buffer) => {
    heard.push(`${data[0]} ${data.toString('latin1', 1)}`);
    if (heard.length === 6) resolve();
  });
  await once(socket, 'open');
  socket.send(Buffer.from('\u0000echo'));
  await promise;
  assert.deepEqual(heard.toSorted(), [
    '0 P\u0000',
    '0 echo',
    '1 P\u0000',
    '2 Q\u0000',
    '3 Q\u0000',
    '3 error forwarding port 81 to the pod: nobody listens on 81',
  ]);
  socket.close();
});

test('who asks for no known protocol, or where nobody runs pods, gets a Status and no stream', async (t) => {
  const [server, alone] = await Promise.all([serverWith(echoing()), serverWith()]);
  t.after(() => Promise.all([server.close(), alone.close()]));
  for (const [at, protocol, status] of [
    [server, 'base64.channel.k8s.io', 400],
    [alone, 'v5.channel.k8s.io', 501],
  ] as const) {
    const socket = dial(at, 'exec?command=x&stdout=true', [protocol]);
    socket.on('error', () => {});
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    assert.equal(response.statusCode, status);
    socket.terminate();
  }
  const { ca } = server.access;
  const url = `wss://127.0.0.1:${server.port}/api/v1/namespaces/default/pods/web/exec?command=x&stdout=true`;
  const stranger = new WebSocket(url, ['v5.channel.k8s.io'], { ca });
  const [, response] = (await once(stranger, 'unexpected-response')) as [unknown, { statusCode: number }];
  assert.equal(response.statusCode, 401);
  stranger.on('error', () => {}).terminate();
});

test('header blocks of SPDY are read in view of those before them', async () => {
  const [codec, other] = [createHeaderCodec(), createHeaderCodec()];
  const headers = new Map([
    ['streamtype', 'data'],
    ['port', '80'],
  ]);
  for (let round = 0; round < 3; round++)
    assert.deepEqual(await other.decode(await codec.encode(headers)), headers);
  await assert.rejects(other.decode(Buffer.from('no compressed block')));
  codec.close();
  other.close();
});

test('a header block that grows beyond all measure is refused, and what follows it too', async () => {
  const [codec, other] = [createHeaderCodec(), createHeaderCodec()];
  const bomb = await codec.encode(new Map([['streamtype', 'a'.repeat(50_000)]]));
  assert.ok(bomb.length < 1000);
  await other.decode(bomb);
  const deflate = createDeflate({ dictionary: headerDictionary });
  deflate.end(Buffer.alloc(16 << 20));
  const bigger = Buffer.concat((await deflate.toArray()) as Buffer[]);
  const reader = createHeaderCodec();
  await assert.rejects(reader.decode(bigger), /too long/);
  reader.close();
  await assert.rejects(reader.decode(bigger));
  codec.close();
  other.close();
});

/** The sum that zlib names a dictionary by (RFC 1950 section 2.3), as the specification of SPDY has it. */
test('the dictionary of SPDY is the one that its peers have', async () => {
  const deflate = createDeflate({ dictionary: headerDictionary });
  deflate.end('x');
  const [first] = (await once(deflate, 'data')) as [Buffer];
  const rest = Buffer.concat([first, ...(await deflate.toArray())] as Buffer[]);
  assert.equal(rest.readUInt32BE(2).toString(16), 'e3c6a7c2');
});

test('a stream of SPDY whose reader is slow holds the others up, and none is lost', async () => {
  const [client, connection] = duplexPair();
  const streams: Duplex[] = [];
  serveSpdy(connection, ({ stream }) => streams.push(stream));
  const deflate = createDeflate({ dictionary: headerDictionary });
  const open = async (id: number): Promise<void> => {
    const block = await new Promise<Buffer>((resolve) => {
      deflate.write(Buffer.alloc(4));
      deflate.flush(constants.Z_SYNC_FLUSH, () => resolve(deflate.read() as Buffer));
    });
    const head = Buffer.alloc(18);
    head.writeUInt32BE(0x8003_0001, 0);
    head.writeUIntBE(10 + block.length, 5, 3);
    head.writeUInt32BE(id, 8);
    client.write(Buffer.concat([head, block]));
  };
  const data = (id: number, length: number, isLast: boolean): void => {
    const frame = Buffer.alloc(8 + length);
    frame.writeUInt32BE(id, 0);
    frame[4] = isLast ? 1 : 0;
    frame.writeUIntBE(length, 5, 3);
    client.write(frame);
  };
  client.resume();
  await open(1);
  await open(3);
  for (let i = 0; i < 20; i++) data(1, 50_000, i === 19);
  data(3, 10, true);
  while (streams.length < 2) await new Promise((resolve) => setImmediate(resolve));
  const [slow, other] = streams;
  assert.ok(slow && other);
  const sizes = await Promise.all(
    [slow, other].map(async (stream) => Buffer.concat((await stream.toArray()) as Buffer[]).length),
  );
  assert.deepEqual(sizes, [1_000_000, 10]);
  client.destroy();
});

test('who attaches hears what the pod says from now on, and how it ended', async (t) => {
  const streams = echoing();
  const server = await serverWith(streams);
  t.after(() => server.close());
  const socket = dial(server, 'attach?stdin=true&stdout=true&stderr=true', ['v5.channel.k8s.io']);
  const heard: [number, string][] = [];
  socket.on('message', (data: Buffer) => heard.push([data[0] ?? -1, data.subarray(1).toString()]));
  await once(socket, 'open');
  const [log] = streams.open;
  // Nobody reads what is sent there.
  socket.send(Buffer.from([channels.stdin, 0x61]));
  log?.write('TCP 80 answered\n');
  while (heard.length === 0) await new Promise(setImmediate);
  assert.deepEqual(heard, [[channels.stdout, 'TCP 80 answered\n']]);
  log?.end();
  await once(socket, 'close');
  assert.deepEqual(heard.at(-1), [channels.ended, '{"metadata":{},"status":"Success"}']);
  assert.ok(log?.destroyed);
});

test('a log goes when nobody is attached to it any more', async (t) => {
  const streams = echoing();
  const server = await serverWith(streams);
  t.after(() => server.close());
  const socket = dial(server, 'attach?stdout=true', ['v5.channel.k8s.io']);
  await once(socket, 'open');
  const [log] = streams.open;
  assert.ok(log);
  const gone = once(log, 'close');
  socket.terminate();
  await gone;
});
