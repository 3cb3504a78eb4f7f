import { Socket } from 'node:net';
import type { Sockets } from '../../kernel/sockets/port.ts';
import { WeftError } from '../../lib/errors.ts';

/** Where a connection is made from, and where to. */
export interface ConnectionEnds {
  /** Pin's name of a namespace. */
  readonly netns: string;
  /** Literal addresses, tried in this order. */
  readonly addresses: readonly string[];
  readonly port: number;
}

const timeoutMs = 10_000;
const longestPauseMs = 50;

/**
 * A TCP connection from inside a namespace, once it stands. Throws `stream-refused` with the kernel's reason, and
 * `netns-missing`.
 */
export async function connectInside(sockets: Sockets, ends: ConnectionEnds): Promise<Socket> {
  let refused: WeftError | undefined;
  for (const address of ends.addresses) {
    try {
      return await connectTo(sockets, address, ends);
    } catch (thrown) {
      if (!(thrown instanceof WeftError) || thrown.code === 'netns-missing') throw thrown;
      refused ??= thrown;
    }
  }
  throw refused ?? new WeftError('stream-refused', 'there is no address to connect to', { fault: 'input' });
}

async function connectTo(
  sockets: Sockets,
  address: string,
  { netns, port }: ConnectionEnds,
): Promise<Socket> {
  const fd = sockets.connect(netns, { protocol: 'tcp', address, port });
  const failed = await whenConnected(sockets, fd);
  if (failed === undefined) return new Socket({ fd, allowHalfOpen: true, readable: true, writable: true });
  sockets.close(fd);
  throw new WeftError('stream-refused', `no connection to ${address} port ${port}: ${failed}`);
}

/** Sending nothing tells whether a connection stands (tcp_sendmsg waits for it first). Undefined when it does. */
async function whenConnected(sockets: Sockets, fd: number): Promise<string | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const sent = sockets.send(fd, new Uint8Array());
    if (sent.kind === 'sent') return undefined;
    if (sent.kind === 'failed') return sent.errno;
    if (performance.now() > deadline) return 'ETIMEDOUT';
    await new Promise((resolve) => void setTimeout(resolve, pauseMs));
  }
}
