import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { libc, syscall } from '../libc.ts';
import { AF_INET, AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM } from '../libc-constants.ts';
import { createPoller } from './poller.ts';

// UDP on loopback: sockets like any other to epoll, and no root needed.
const loopback = Buffer.from([AF_INET, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);

function udpSocket(): { fd: number; address: Buffer } {
  const fd = syscall('socket', () => libc().socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  syscall('bind', () => libc().bind(fd, loopback, loopback.length));
  const address = Buffer.alloc(16);
  syscall('getsockname', () => libc().getsockname(fd, address, Buffer.from([16, 0, 0, 0])));
  return { fd, address };
}

function send(from: number, to: Buffer, text: string): void {
  const data = Buffer.from(text);
  syscall('sendto', () => libc().sendto(from, data, data.length, 0, to, to.length));
}

/** A datagram between sockets of AF_UNIX is there when `sendto` returns; their names are abstract. */
function unixSocket(): { fd: number; address: Buffer } {
  const fd = syscall('socket', () => libc().socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const address = Buffer.from(`\u0001\0\0weft-poller-${process.pid}-${fd}`);
  syscall('bind', () => libc().bind(fd, address, address.length));
  return { fd, address };
}

/** Collects texts and lets the test wait for a number of them. */
function inbox(): { message(datagram: Uint8Array): void; first(count: number): Promise<string[]> } {
  const texts: string[] = [];
  let wake = (): void => {};
  return {
    message(datagram) {
      texts.push(Buffer.from(datagram).toString());
      wake();
    },
    async first(count) {
      while (texts.length < count) await new Promise<void>((resolve) => (wake = resolve));
      return texts.slice(0, count);
    },
  };
}

test(
  'datagrams of several sockets arrive whole, in order, at their own handlers',
  { timeout: 10_000 },
  async () => {
    const poller = createPoller();
    const [sender, one, two] = [udpSocket(), udpSocket(), udpSocket()];
    const [first, second] = [inbox(), inbox()];
    try {
      poller.add(one.fd, first);
      poller.add(two.fd, second);
      const texts = Array.from({ length: 150 }, (_, index) => `datagram ${index}`);
      for (const text of texts) send(sender.fd, one.address, text);
      send(sender.fd, two.address, '');
      send(sender.fd, two.address, 'x'.repeat(60_000));
      assert.deepEqual(await first.first(texts.length), texts);
      assert.deepEqual(await second.first(2), ['', 'x'.repeat(60_000)]);
    } finally {
      await poller.close();
      for (const { fd } of [sender, one, two]) libc().close(fd);
    }
  },
);

test(
  'a removed descriptor is left alone, also when its number is used again',
  { timeout: 10_000 },
  async () => {
    const poller = createPoller();
    const [sender, old, other] = [udpSocket(), udpSocket(), udpSocket()];
    const [removed, kept] = [inbox(), inbox()];
    const heard: string[] = [];
    try {
      poller.add(old.fd, { message: (datagram) => heard.push(Buffer.from(datagram).toString()) });
      poller.add(other.fd, kept);
      poller.remove(old.fd);
      libc().close(old.fd);
      const reused = udpSocket();
      old.fd = reused.fd;
      send(sender.fd, reused.address, 'not for the poller');
      send(sender.fd, other.address, 'for the poller');
      await kept.first(1);
      assert.deepEqual(heard, []);
      const data = Buffer.alloc(64);
      assert.equal(
        syscall('recv', () => libc().recv(reused.fd, data, 64, 0x40)),
        18,
      );
      poller.add(reused.fd, removed);
      send(sender.fd, reused.address, 'added again');
      assert.deepEqual(await removed.first(1), ['added again']);
    } finally {
      await poller.close();
      for (const { fd } of [sender, old, other]) libc().close(fd);
    }
  },
);

test(
  'who asks whether everything is read is told behind all of it, however many sockets it is of, and each once',
  { timeout: 10_000 },
  async () => {
    const poller = createPoller();
    const [sender, ...sockets] = Array.from({ length: 200 }, unixSocket);
    assert.ok(sender !== undefined);
    let heard = 0;
    try {
      for (const { fd } of sockets) poller.add(fd, { message: () => (heard += 1) });
      for (let round = 1; round <= 20; round++) {
        const before = heard;
        for (const { address } of sockets) send(sender.fd, address, 'one');
        const told: number[] = [];
        poller.caughtUp(() => told.push(heard - before));
        await new Promise<void>((done) => poller.caughtUp(done));
        assert.deepEqual(told, [sockets.length]);
      }
    } finally {
      await poller.close();
      for (const { fd } of [sender, ...sockets]) libc().close(fd);
    }
  },
);

test('a descriptor is added once, and none after close', async () => {
  const poller = createPoller();
  const socket = udpSocket();
  const handlers = { message() {} };
  poller.add(socket.fd, handlers);
  assert.throws(() => poller.add(socket.fd, handlers), { code: 'poller-exists' });
  poller.remove(socket.fd);
  poller.remove(socket.fd);
  await Promise.all([poller.close(), poller.close()]);
  assert.throws(() => poller.add(socket.fd, handlers), { code: 'poller-closed' });
  libc().close(socket.fd);
});

const url = new URL('./poller.ts', import.meta.url).href;

for (const [name, body] of [
  ['ends when nothing is read', ''],
  ['ends after close', `poller.add(0, { message() {} }); await poller.close();`],
  ['ends by process.exit while the worker waits', `setTimeout(() => process.exit(0), 200);`],
] as const) {
  test(`a process with a poller ${name}`, () => {
    const program = `import { createPoller } from ${JSON.stringify(url)}; const poller = createPoller(); ${body}`;
    const ended = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['pipe', 'ignore', 'pipe'],
      timeout: 10_000,
      encoding: 'utf8',
    });
    assert.equal(ended.status, 0, ended.stderr);
  });
}

test('what is no socket is told of once when it is ready, and can be taken away before and after', async () => {
  const poller = createPoller();
  const [early, late] = [0, 1].map(() => syscall('eventfd', () => libc().eventfd(0, 0))) as [number, number];
  let told = 0;
  const ready = new Promise<void>((resolve) => {
    poller.addOnce(late, () => {
      told += 1;
      resolve();
    });
  });
  poller.addOnce(early, () => assert.fail('told of what was taken away'));
  poller.remove(early);
  const one = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
  for (const fd of [early, late]) libc().write(fd, one, one.length);
  await ready;
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(told, 1);
  poller.remove(late);
  await poller.close();
  for (const fd of [early, late]) libc().close(fd);
});
