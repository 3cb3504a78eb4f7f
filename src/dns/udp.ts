import { createSocket } from 'node:dgram';
import type { Family } from '../lib/address.ts';
import type { OpenListener } from '../workload/pod-listeners.ts';
import type { Responder } from './responder.ts';

export interface UdpOptions {
  readonly responder: Responder;
  readonly family: Family;
  /** Pin's name of the namespace that the socket is in. */
  readonly netns: string;
}

/** Answers datagrams on a bound UDP socket, which it closes in the end. */
export function listenUdp(fd: number, { responder, family, netns }: UdpOptions): OpenListener {
  const socket = createSocket(family === 'IPv6' ? 'udp6' : 'udp4');
  // An ICMP error for an earlier answer: its client has gone.
  socket.on('error', () => {});
  let isClosed = false;
  const answerLater = async (
    answer: Promise<Uint8Array>,
    { port, address }: { port: number; address: string },
  ): Promise<void> => {
    const later = await answer;
    if (!isClosed) socket.send(later, port, address, () => {});
  };
  socket.on('message', (message, { port, address }) => {
    const answer = responder.respond(message, { transport: 'udp', netns, source: address });
    // Port 0 cannot be answered; Node would throw.
    if (answer === undefined || port === 0) return;
    if (answer instanceof Promise) void answerLater(answer, { port, address });
    else socket.send(answer, port, address, () => {});
  });
  socket.bind({ fd });
  return {
    close: () =>
      new Promise((resolve) => {
        isClosed = true;
        socket.close(() => resolve());
      }),
  };
}
