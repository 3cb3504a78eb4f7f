import { createSocket } from 'node:dgram';
import type { Poller } from '../../kernel/poll/port.ts';
import { answerOf, lineOf } from './answer.ts';
import type { OpenListener } from '../pod-listeners.ts';
import type { ListenerContext } from './listener.ts';

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

/**
 * The same from the address that was asked, where there are several, or more than anybody counts: the kernel would answer from
 * the one that the way back prefers, which nobody waits for.
 */
export function openUdpAsAsked(context: ListenerContext, poller: Poller): OpenListener {
  const { sockets, listener, family, serving, note } = context;
  const where = { protocol: 'udp', port: listener.port, family, tellsAsked: true } as const;
  const fd = sockets.listen(serving().netns, where);
  poller.add(fd, {
    message({ length }, from) {
      if (from?.asked === undefined) return;
      const { asked, ...remote } = from;
      note({ remote, words: `${length} bytes` });
      const answer = Buffer.from(lineOf(answerOf(serving(), listener, remote)));
      sockets.answer(fd, answer, { from: asked, to: remote });
    },
  });
  return {
    close() {
      poller.remove(fd);
      sockets.close(fd);
      return Promise.resolve();
    },
  };
}
