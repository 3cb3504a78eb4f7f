import { createSocket } from 'node:dgram';
import { familyOf } from '../../lib/address.ts';
import { openAll } from '../../lib/open-all.ts';
import { answerOf, lineOf } from './answer.ts';
import type { ListenerContext, OpenListener } from './listener.ts';

/**
 * Answers every datagram on a UDP port inside the pod's namespace. Where the pod has several addresses each has a socket of its
 * own, whose answers come from it. Throws like `Sockets.listen`.
 */
export function openUdp(context: ListenerContext): OpenListener {
  const addresses = context.serving().addresses?.filter((address) => familyOf(address) === context.family);
  return openAll((addresses ?? [undefined]).map((address) => () => openAt(context, address)));
}

/** At one address, or at all of them. */
function openAt(
  { sockets, listener, family, serving, note }: ListenerContext,
  own: string | undefined,
): OpenListener {
  const where = { protocol: 'udp', port: listener.port, family } as const;
  const fd = sockets.listen(serving().netns, own === undefined ? where : { ...where, address: own });
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
