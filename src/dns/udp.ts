import { createSocket } from 'node:dgram';
import type { Family } from '../lib/address.ts';
import type { OpenListener } from './listener.ts';
import type { Responder } from './responder.ts';

/** Answers datagrams on a bound UDP socket, which it closes in the end. */
export function listenUdp(
  fd: number,
  { responder, family }: { readonly responder: Responder; readonly family: Family },
): OpenListener {
  const socket = createSocket(family === 'IPv6' ? 'udp6' : 'udp4');
  // An ICMP error for an earlier answer: its client has gone.
  socket.on('error', () => {});
  socket.on('message', (message, { port, address }) => {
    const answer = responder.respond(message, 'udp');
    // Port 0 cannot be answered; Node would throw.
    if (answer !== undefined && port > 0) socket.send(answer, port, address, () => {});
  });
  socket.bind({ fd });
  return {
    close: () =>
      new Promise((resolve) => {
        socket.close(() => resolve());
      }),
  };
}
