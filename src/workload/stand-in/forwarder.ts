import { createServer, type Socket } from 'node:net';
import { splice } from '../../lib/splice.ts';
import type { Listener } from '../port.ts';
import { connectInside } from '../streams/connect-inside.ts';
import type { OpenListener } from '../pod-listeners.ts';
import { acceptBy, type AcceptContext } from './accept.ts';

/**
 * Passes TCP connections of a port on to one backend after the other, which sees the machine: an application gateway, as far as
 * packets are concerned. A backend that refuses is passed over; where all do, the connection is reset. Throws like
 * `Sockets.listen`.
 */
export function openForwarder(
  context: AcceptContext,
  { addresses, port }: NonNullable<Listener['forwardTo']>,
): OpenListener {
  const { sockets, listener, serving, connections } = context;
  let next = 0;
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    if (!connections.add(socket, listener.port)) return;
    const first = next++ % addresses.length;
    const inTurn = [...addresses.slice(first), ...addresses.slice(0, first)];
    void passOn(socket, connectInside(sockets, { netns: serving().netns, addresses: inTurn, port }));
  });
  return acceptBy(server, context);
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
