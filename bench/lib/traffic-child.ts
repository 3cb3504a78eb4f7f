import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Connects, Order, Target } from './traffic.ts';

/**
 * A program that sends or receives inside the namespace it was started in, as `traffic.ts` orders over the channel
 * between them: it answers each order with one message.
 */
const bytes = Buffer.alloc(1 << 20);
/** A server never looks at what it is sent, so one buffer is enough for all of it. */
const onread = { buffer: Buffer.alloc(1 << 20), callback: () => true };

async function serve(port: number): Promise<void> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.resume();
  });
  // Whoever finds the queue full asks again after a second.
  server.listen({ port, host: '0.0.0.0', backlog: 4096 });
  await once(server, 'listening');
}

async function opened(target: Target): Promise<Socket> {
  const socket = connect({ ...target, onread });
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

/** Connects, closes and connects again, `atOnce` of them at any time. */
async function open(target: Target, { forMs, atOnce }: { forMs: number; atOnce: number }): Promise<Connects> {
  const latencies: number[] = [];
  const start = performance.now();
  const again = async (): Promise<void> => {
    while (performance.now() - start < forMs) {
      const before = performance.now();
      const socket = await opened(target);
      latencies.push(performance.now() - before);
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
