import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Connects, Opening, Order, Target } from './traffic.ts';

/**
 * A program that sends or receives inside the namespace it was started in, as `traffic.ts` orders over the channel
 * between them: it answers each order with one message.
 */
const bytes = Buffer.alloc(1 << 20);
/** What a client asks and is answered. */
const word = bytes.subarray(0, 1);
/** Nobody looks at what he is sent, so one buffer is enough for all of it. */
const received = Buffer.alloc(1 << 20);

async function serve(port: number): Promise<void> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.write(word));
    socket.resume();
  });
  // Whoever finds the queue full asks again after a second.
  server.listen({ port, host: '0.0.0.0', backlog: 4096 });
  await once(server, 'listening');
}

async function opened(target: Target, onAnswer?: () => void): Promise<Socket> {
  const callback = (): boolean => {
    onAnswer?.();
    return true;
  };
  const socket = connect({ ...target, onread: { buffer: received, callback } });
  await once(socket, 'connect');
  return socket;
}

/** Bytes a second that the socket took, over all of the time. */
async function send(target: Target, forMs: number): Promise<number> {
  const socket = await opened(target);
  const start = performance.now();
  while (performance.now() - start < forMs) {
    if (!socket.write(bytes)) await once(socket, 'drain');
  }
  const perSecond = (socket.bytesWritten / (performance.now() - start)) * 1000;
  socket.destroy();
  return perSecond;
}

/** Connects, asks if it is to, closes and connects again, `atOnce` of them at any time. */
async function open(target: Target, { forMs, atOnce, asks }: Opening): Promise<Connects> {
  const latencies: number[] = [];
  const start = performance.now();
  const again = async (): Promise<void> => {
    while (performance.now() - start < forMs) {
      const before = performance.now();
      const answered = Promise.withResolvers<void>();
      const socket = await opened(target, answered.resolve);
      latencies.push(performance.now() - before);
      if (asks === true) {
        socket.write(word);
        await answered.promise;
      }
      // A reset, so that the ports of thousands of connections do not wait in TIME_WAIT.
      socket.resetAndDestroy();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, again));
  return { perSecond: (latencies.length / (performance.now() - start)) * 1000, latencies };
}

async function answer(order: Order): Promise<unknown> {
  if (order.do === 'serve') return serve(order.port);
  if (order.do === 'send') return send(order.target, order.forMs);
  return open(order.target, order);
}

process.on('message', (order: Order) => {
  answer(order).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
