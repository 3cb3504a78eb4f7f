import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WeftError } from '../../lib/errors.ts';
import { encodeSctp } from '../../wire/sctp.ts';
import type { IcmpError, Received, Sockets } from './port.ts';

/** Two namespaces that reach each other. */
interface SocketsUnderTest {
  readonly sockets: Sockets;
  readonly client: string;
  readonly server: string;
  /** The server's address. */
  readonly address: string;
  /** An address the client has no route to. */
  readonly nowhere: string;
  close(): void;
}

export interface SocketsComplianceOptions {
  readonly label: string;
  readonly skip?: string | false;
  readonly make: () => SocketsUnderTest;
}

const failsWith =
  (code: string) =>
  (thrown: unknown): boolean =>
    thrown instanceof WeftError && thrown.code === code;

const question = Buffer.from('?');

/** What every `Sockets` does. */
export function socketsCompliance({ label, skip = false, make }: SocketsComplianceOptions): void {
  const check = (name: string, body: (context: SocketsUnderTest) => Promise<void> | void): void => {
    test(name, async () => {
      const context = make();
      try {
        await body(context);
      } finally {
        context.close();
      }
    });
  };

  describe(label, { skip }, () => {
    check('a connection to a listener is made, and nothing is heard before somebody answers', async (it) => {
      const listener = it.sockets.listen(it.server, { protocol: 'tcp', port: 80 });
      const fd = it.sockets.connect(it.client, { protocol: 'tcp', address: it.address, port: 80 });
      await until(() => it.sockets.send(fd, question).kind === 'sent');
      assert.deepEqual(it.sockets.receive(fd), { kind: 'nothing' });
      assert.equal(it.sockets.icmpError(fd), undefined);
      it.sockets.close(fd, { reset: true });
      it.sockets.close(listener);
    });

    check('a TCP port that nobody listens on refuses, and the error queue is empty', async (it) => {
      const fd = it.sockets.connect(it.client, { protocol: 'tcp', address: it.address, port: 81 });
      assert.deepEqual(await heard(it.sockets, fd), { kind: 'failed', errno: 'ECONNREFUSED' });
      assert.equal(it.sockets.icmpError(fd), undefined);
      it.sockets.close(fd);
    });

    check('a UDP port that nobody listens on is told by the destination itself', async (it) => {
      const fd = it.sockets.connect(it.client, { protocol: 'udp', address: it.address, port: 54 });
      assert.deepEqual(it.sockets.send(fd, question), { kind: 'sent' });
      assert.deepEqual(await heard(it.sockets, fd), { kind: 'failed', errno: 'ECONNREFUSED' });
      const expected = { offender: it.address, type: 3, code: 3, errno: 'ECONNREFUSED' };
      assert.deepEqual(it.sockets.icmpError(fd), expected);
      assert.equal(it.sockets.icmpError(fd), undefined);
      it.sockets.close(fd);
    });

    check('SCTP is told to be unknown where nobody takes it, and the socket stays usable', async (it) => {
      const options = { protocol: 'sctp', address: it.address, port: 9, sourcePort: 20_000 } as const;
      const fd = it.sockets.connect(it.client, options);
      const packet = sctpInit(options);
      assert.deepEqual(it.sockets.send(fd, packet), { kind: 'sent' });
      let error: IcmpError | undefined;
      await until(() => (error = it.sockets.icmpError(fd)) !== undefined);
      assert.deepEqual(error, { offender: it.address, type: 3, code: 2, errno: 'ENOPROTOOPT' });
      assert.deepEqual(it.sockets.receive(fd), { kind: 'nothing' });
      const listener = it.sockets.listenSctp(it.server, 'IPv4');
      assert.deepEqual(it.sockets.send(fd, packet), { kind: 'sent' });
      assert.equal(it.sockets.icmpError(fd), undefined);
      it.sockets.close(listener);
      it.sockets.close(fd);
    });

    check('a listener’s port is taken until it is closed, for its protocol', ({ sockets, server }) => {
      const tcp = sockets.listen(server, { protocol: 'tcp', port: 80 });
      const udp = sockets.listen(server, { protocol: 'udp', port: 80 });
      assert.throws(() => sockets.listen(server, { protocol: 'tcp', port: 80 }), failsWith('socket-in-use'));
      sockets.close(tcp);
      sockets.close(sockets.listen(server, { protocol: 'tcp', port: 80 }));
      sockets.close(udp);
    });

    check('one port may be listened on in two namespaces', ({ sockets, server, client }) => {
      for (const namespace of [server, client]) sockets.listen(namespace, { protocol: 'tcp', port: 80 });
    });

    check('a source port is had by one socket at a time', ({ sockets, client, address }) => {
      const options = { protocol: 'udp', address, port: 53, sourcePort: 20_000 } as const;
      const fd = sockets.connect(client, options);
      assert.throws(() => sockets.connect(client, options), failsWith('socket-in-use'));
      sockets.close(fd);
      sockets.close(sockets.connect(client, options));
    });

    check('an address without a route is unreachable', ({ sockets, client, nowhere }) => {
      for (const protocol of ['tcp', 'udp'] as const) {
        assert.throws(
          () => sockets.connect(client, { protocol, address: nowhere, port: 80 }),
          failsWith('socket-unreachable'),
        );
      }
    });

    check('what is no address, and what is somebody else’s, is refused', ({ sockets, client, server }) => {
      assert.throws(
        () => sockets.connect(client, { protocol: 'tcp', address: 'example.org', port: 80 }),
        failsWith('socket-refused'),
      );
      assert.throws(
        () => sockets.listen(server, { protocol: 'tcp', port: 80, address: '192.0.2.1' }),
        failsWith('socket-refused'),
      );
    });

    check('there are no sockets in a namespace that does not exist', ({ sockets, address }) => {
      assert.throws(
        () => sockets.listen('absent', { protocol: 'tcp', port: 80 }),
        failsWith('netns-missing'),
      );
      assert.throws(
        () => sockets.connect('absent', { protocol: 'tcp', address, port: 80 }),
        failsWith('netns-missing'),
      );
    });
  });
}

/** A packet that asks for an association. */
function sctpInit({ sourcePort, port }: { sourcePort: number; port: number }): Uint8Array {
  return encodeSctp({
    sourcePort,
    destinationPort: port,
    verificationTag: 0,
    chunk: { type: 'init', tag: 1 },
  });
}

async function heard(sockets: Sockets, fd: number): Promise<Received> {
  let received: Received = { kind: 'nothing' };
  await until(() => {
    received = sockets.receive(fd);
    return received.kind !== 'nothing';
  });
  return received;
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; !isTrue(); tries++) {
    assert.ok(tries < 1000, 'nothing happened');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
