import { createServer, type Socket } from 'node:net';
import type { Clock } from '../lib/clock.ts';
import type { DnsCounters } from './counters.ts';
import type { OpenListener } from '../workload/pod-listeners.ts';
import { createMessageBuffer, framed } from './framing.ts';
import type { Responder } from './responder.ts';

export interface TcpOptions {
  readonly responder: Responder;
  readonly counters: DnsCounters;
  readonly clock: Clock;
  /** Pin's name of the namespace that the socket is in. */
  readonly netns: string;
}

/** Of all listeners together. A connection takes at most two messages' memory: 128 kB. */
export const mostConnections = 256;
/** A client that completes no query for so long is cut off, also one that does not read its answers. */
const idleMs = 10_000;

/** Answers queries on a listening TCP socket (RFC 7766), which it closes in the end. */
export function listenTcp(fd: number, options: TcpOptions): OpenListener {
  const { counters } = options;
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    if (counters.connections >= mostConnections) {
      counters.connectionsRefused += 1;
      socket.resetAndDestroy();
      return;
    }
    counters.connections += 1;
    open.add(socket);
    socket.once('close', () => {
      counters.connections -= 1;
      open.delete(socket);
    });
    converse(socket, options);
  });
  // Accepting fails for a moment when descriptors run out; the listener stays.
  server.on('error', () => {});
  server.listen({ fd });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

/** Answers query after query in their order, and no next one before the client takes the answers it has. */
function converse(socket: Socket, { responder, clock, netns }: TcpOptions): void {
  const asker = { transport: 'tcp', netns, source: socket.remoteAddress ?? '' } as const;
  const heard = createMessageBuffer();
  let isAsking = false;
  let cancel = (): void => {};
  const expectMore = (): void => {
    cancel();
    cancel = clock.after(idleMs, () => socket.destroy());
  };

  function answerAll(): void {
    while (!isAsking && !socket.writableNeedDrain && !socket.destroyed) {
      const message = heard.next();
      if (message === undefined) {
        socket.resume();
        return;
      }
      expectMore();
      const answer = responder.respond(message, asker);
      // Whoever sends something else than queries is not worth a connection.
      if (answer === undefined) socket.destroy();
      else if (answer instanceof Promise) void answerLater(answer);
      else socket.write(framed(answer));
    }
    socket.pause();
  }

  async function answerLater(answer: Promise<Uint8Array>): Promise<void> {
    isAsking = true;
    const later = await answer;
    isAsking = false;
    if (socket.destroyed) return;
    socket.write(framed(later));
    answerAll();
  }

  expectMore();
  socket.on('error', () => socket.destroy());
  socket.once('close', () => cancel());
  socket.on('drain', answerAll);
  socket.on('data', (chunk) => {
    heard.push(chunk);
    answerAll();
  });
}
