import { createServer, type Socket } from 'node:net';
import { splice } from '../../lib/splice.ts';
import type { Listener } from '../port.ts';
import { connectInside } from '../streams/connect-inside.ts';
import type { OpenListener } from '../pod-listeners.ts';
import type { ListenerContext } from './listener.ts';
import type { PodConnections } from './pod-connections.ts';

/**
 * Passes TCP connections of a port on to one backend after the other, which sees the machine: an application gateway, as far as
 * packets are concerned. A backend that refuses is passed over; where all do, the connection is reset. Throws like
 * `Sockets.listen`.
 */
export function openForwarder(
  {
    sockets,
    listener,
    family,
    serving,
    connections,
  }: ListenerContext & { readonly connections: PodConnections },
  { addresses, port }: NonNullable<Listener['forwardTo']>,
): OpenListener {
  const fd = sockets.listen(serving().netns, { protocol: 'tcp', port: listener.port, family });
  let next = 0;
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    if (!connections.add(socket, listener.port)) return;
    const first = next++ % addresses.length;
    const inTurn = [...addresses.slice(first), ...addresses.slice(0, first)];
    void passOn(socket, connectInside(sockets, { netns: serving().netns, addresses: inTurn, port }));
  });
  // Accepting fails for a moment when descriptors run out; the listener stays.
  server.on('error', () => {});
  server.listen({ fd, backlog: 511 });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        connections.destroy(listener.port);
      }),
  };
}

async function passOn(socket: Socket, connecting: Promise<Socket>): Promise<void> {
  try {
    const backend = await connecting;
    backend.on('error', () => backend.destroy());
    splice(socket, backend);
  } catch {
    socket.resetAndDestroy();
  }
}
