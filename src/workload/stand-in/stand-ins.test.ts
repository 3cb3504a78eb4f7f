import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { createLineNetwork, line, type LineNetwork } from '../../kernel/sockets/line-network.ts';
import { WeftError } from '../../lib/errors.ts';
import { silentLog } from '../../lib/log.ts';
import type { Listener, PodServing, StandInAnswer } from '../port.ts';
import { createStandIns } from './stand-ins.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

const web: PodServing = {
  uid: 'web-uid',
  pod: 'shop/web',
  node: 'node-1',
  netns: 'server',
  listeners: [
    { protocol: 'TCP', port: 80 },
    { protocol: 'UDP', port: 53 },
  ],
};

describe('stand-ins', { skip }, () => {
  let network: LineNetwork;
  let standIns: ReturnType<typeof createStandIns>;

  before(async () => {
    network = createLineNetwork();
    standIns = createStandIns({ ...network, poller: () => assert.fail(), log: silentLog });
    await standIns.serve(web);
  });
  after(async () => {
    await standIns.close();
    network.close();
  });

  /** A Node socket on a connection from the client's namespace. */
  function dial(port = 80): Socket {
    const fd = network.sockets.connect('client', { protocol: 'tcp', address: line.server, port });
    return new Socket({ fd, readable: true, writable: true }).on('error', () => {});
  }

  async function ask(socket: Socket, text: string, answers = 1): Promise<StandInAnswer[]> {
    let heard = '';
    const listen = (chunk: Buffer): void => void (heard += chunk.toString());
    socket.on('data', listen);
    socket.write(text);
    while (heard.split('\n').length <= answers) await once(socket, 'data');
    socket.off('data', listen);
    return heard
      .trim()
      .split('\n')
      .map((answer) => JSON.parse(answer) as StandInAnswer);
  }

  async function get(
    socket: Socket,
    path: string,
  ): Promise<{ response: IncomingMessage; body: StandInAnswer }> {
    const outgoing = request({
      path,
      createConnection: () => socket,
      headers: { connection: 'keep-alive' },
    }).end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return { response, body: JSON.parse(text) as StandInAnswer };
  }

  const isRefused = (socket: Socket): Promise<boolean> =>
    new Promise((resolve) => {
      socket.once('error', () => resolve(true));
      socket.once('data', () => resolve(false));
      socket.write('?');
    });

  const expected = { pod: 'shop/web', node: 'node-1', protocol: 'TCP', port: 80, source: line.client };

  test('a line is answered with who the pod is and whom it sees, as long as the connection lives', async () => {
    const socket = dial();
    const [first] = await ask(socket, 'hello\n');
    assert.ok(first !== undefined && first.sourcePort > 0);
    assert.deepEqual(first, { ...expected, sourcePort: first.sourcePort });
    assert.deepEqual(await ask(socket, 'again\nand again\n', 2), [first, first]);
    assert.deepEqual(await ask(socket, 'no line end'), [first]);
    socket.destroy();
  });

  test('HTTP is answered as HTTP, several times on one connection', async () => {
    const socket = dial();
    for (const path of ['/healthz', '/any?thing=1']) {
      const { response, body } = await get(socket, path);
      assert.equal(response.statusCode, 200);
      assert.equal(response.headers['x-weft-pod'], 'shop/web');
      assert.equal(response.headers['content-type'], 'application/json');
      assert.deepEqual(body, { ...expected, sourcePort: body.sourcePort });
    }
    socket.destroy();
  });

  test('a request that arrives byte by byte is HTTP as well', async () => {
    const socket = dial().setNoDelay();
    for (const byte of 'HEAD / HTTP/1.1\r\nhost: a\r\n\r\n') {
      socket.write(byte);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    assert.match(chunk.toString(), /^HTTP\/1\.1 200 OK\r\n/);
    socket.destroy();
  });

  test('a port that is passed on is answered by its backends, one after the other, which see who passes it on', async () => {
    const gateway = { uid: 'gateway', pod: 'vm:gateway', node: 'vm:gateway', netns: 'router' };
    const passing = (port: number, ...addresses: string[]): Listener[] => [
      { protocol: 'TCP', port: 8080, forwardTo: { addresses, port } },
    ];
    const dialGateway = (): Socket => {
      const fd = network.sockets.connect('client', { protocol: 'tcp', address: line.router, port: 8080 });
      return new Socket({ fd, readable: true, writable: true }).on('error', () => {});
    };
    // The first one refuses: the other is asked in its place.
    await standIns.serve({ ...gateway, listeners: passing(80, line.client, line.server) });
    for (let turn = 0; turn < 2; turn++) {
      const socket = dialGateway();
      const [answer] = await ask(socket, 'who\n');
      assert.deepEqual([answer?.pod, answer?.source], ['shop/web', '10.0.2.1']);
      socket.destroy();
    }
    await standIns.serve({ ...gateway, listeners: passing(81, line.client, line.server) });
    assert.ok(await isRefused(dialGateway()));
    await standIns.unserve('gateway');
  });

  test('every datagram is answered', async () => {
    const { sockets } = network;
    const fd = sockets.connect('client', {
      protocol: 'udp',
      address: line.server,
      port: 53,
      sourcePort: 2053,
    });
    for (let datagrams = 0; datagrams < 3; datagrams++) {
      sockets.send(fd, Buffer.from('?'));
      const answer = await heard(fd);
      assert.deepEqual(answer, { ...expected, protocol: 'UDP', port: 53, sourcePort: 2053 });
    }
    sockets.close(fd);
  });

  async function heard(fd: number): Promise<unknown> {
    for (let tries = 0; tries < 1000; tries++) {
      const received = network.sockets.receive(fd);
      if (received.kind === 'data') return JSON.parse(Buffer.from(received.data).toString());
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return undefined;
  }

  test('listeners come and go without touching the connections of those that stay', async () => {
    const kept = dial();
    await ask(kept, 'hello\n');
    const more: Listener[] = [...web.listeners, { protocol: 'TCP', port: 81 }];
    assert.deepEqual(await standIns.serve({ ...web, listeners: more }), more);
    const doomed = dial(81);
    await ask(doomed, 'hello\n');
    const ended = once(doomed, 'close');
    doomed.resume();
    assert.deepEqual(await standIns.serve(web), web.listeners);
    await ended;
    assert.equal(await isRefused(dial(81)), true);
    assert.equal((await ask(kept, 'still there?\n'))[0]?.pod, 'shop/web');
    kept.destroy();
  });

  test('a port that somebody else has is told, and the other listeners are bound', async () => {
    const other: PodServing = {
      ...web,
      uid: 'other-uid',
      pod: 'shop/other',
      listeners: [
        { protocol: 'TCP', port: 80 },
        { protocol: 'TCP', port: 82 },
      ],
    };
    await assert.rejects(standIns.serve(other), (thrown) => {
      assert.ok(thrown instanceof WeftError);
      assert.equal(thrown.code, 'socket-in-use');
      assert.match(thrown.message, /^shop\/other: .*80/);
      return true;
    });
    const socket = dial(82);
    assert.equal((await ask(socket, 'hello\n'))[0]?.pod, 'shop/other');
    socket.destroy();
    await standIns.unserve('other-uid');
    assert.equal(await isRefused(dial(82)), true);
    await standIns.unserve('other-uid');
  });

  test('a pod that moves to another namespace leaves the old one', async () => {
    const moving: PodServing = {
      ...web,
      uid: 'moving',
      pod: 'shop/moving',
      listeners: [{ protocol: 'TCP', port: 83 }],
    };
    await standIns.serve(moving);
    await standIns.serve({ ...moving, netns: 'router' });
    assert.equal(await isRefused(dial(83)), true);
    assert.deepEqual(
      standIns.list().map(({ pod, netns }) => `${pod} ${netns}`),
      ['shop/web server', 'shop/moving router'],
    );
    await standIns.unserve('moving');
  });

  test('a pod takes a thousand connections and resets the next', { timeout: 20_000 }, async () => {
    const crowd = Array.from({ length: 1000 }, () => dial());
    await Promise.all(crowd.map((socket) => ask(socket, 'hello\n')));
    assert.equal(await isRefused(dial()), true);
    const left = crowd.pop() ?? assert.fail();
    left.destroy();
    await ask(crowd[0] ?? assert.fail(), 'hello\n');
    const late = await eventuallyAccepted();
    late.destroy();
    for (const socket of crowd) socket.destroy();
  });

  async function eventuallyAccepted(): Promise<Socket> {
    for (let tries = 0; tries < 100; tries++) {
      const socket = dial();
      if (!(await isRefused(socket))) return socket;
    }
    return assert.fail('no connection was taken');
  }
});
