import { createSocket } from 'node:dgram';
import { answerOf, lineOf } from './answer.ts';
import type { ListenerContext, OpenListener } from './listener.ts';

/** Answers every datagram on a UDP port inside the pod's namespace. Throws like `Sockets.listen`. */
export function openUdp({ sockets, listener, family, serving, note }: ListenerContext): OpenListener {
  const fd = sockets.listen(serving().netns, { protocol: 'udp', port: listener.port, family });
  const socket = createSocket(family === 'IPv6' ? 'udp6' : 'udp4');
  // An ICMP error for an earlier answer: nobody waits for it any more.
  socket.on('error', () => {});
  socket.on('message', ({ length }, { address, port }) => {
    note({ remote: { address, port }, words: `${length} bytes` });
    socket.send(lineOf(answerOf(serving(), listener, { address, port })), port, address, () => {});
  });
  socket.bind({ fd });
  return {
    close: () =>
      new Promise((resolve) => {
        socket.close(() => resolve());
      }),
  };
}
