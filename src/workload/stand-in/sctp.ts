import type { Poller } from '../../kernel/poll/port.ts';
import type { Sockets } from '../../kernel/sockets/port.ts';
import type { Family } from '../../lib/address.ts';
import { WeftError } from '../../lib/errors.ts';
import { decodeSctp, encodeSctp, type SctpPacket } from '../../wire/sctp.ts';
import { answerOf, lineOf } from './answer.ts';
import type { OpenListener } from '../pod-listeners.ts';
import type { ListenerContext } from './listener.ts';

/** Who answers SCTP in the namespaces of all pods. */
export interface SctpResponders {
  /** Takes a port inside the pod's namespace. Throws like `Sockets.listenSctp`, and `socket-in-use`. */
  open(context: Omit<ListenerContext, 'sockets'>): OpenListener;
}

/** One raw socket, for it is handed the packets of every port; pods on the host network share their node's. */
interface Responder {
  readonly fd: number;
  readonly ports: Map<number, (from: Remote) => string>;
}

type Remote = Parameters<typeof answerOf>[2];

/**
 * Answers the first packet of an association, which is all that a kernel without SCTP can do for anybody: an INIT to a
 * port that is listened on is agreed to, with what a stand-in says in the cookie, and any other one is aborted
 * (RFC 9260 sections 5.1 and 8.4). Nothing is remembered of it. The poller is asked for when the first port is.
 */
export function createSctpResponders(sockets: Sockets, poller: () => Poller): SctpResponders {
  const responders = new Map<string, Responder>();

  const start = (netns: string, family: Family): Responder => {
    const fd = sockets.listenSctp(netns, family);
    const responder: Responder = { fd, ports: new Map() };
    poller().add(fd, {
      message(datagram, from) {
        if (from?.asked === undefined) return;
        const { address, asked } = from;
        const reply = replyTo(responder, datagram, { family, address });
        const ends = { from: asked, to: { address, port: 0 } };
        if (reply !== undefined) sockets.answer(fd, encodeSctp(reply), ends);
      },
    });
    return responder;
  };

  return {
    open({ listener, family, serving, note }) {
      const { netns } = serving();
      const key = `${netns} ${family}`;
      const responder = responders.get(key) ?? start(netns, family);
      responders.set(key, responder);
      const { ports } = responder;
      if (ports.has(listener.port))
        throw new WeftError('socket-in-use', `sctp port ${listener.port} is taken`);
      ports.set(listener.port, (remote) => {
        note({ remote, words: 'INIT' });
        return lineOf(answerOf(serving(), listener, remote));
      });
      return {
        close() {
          ports.delete(listener.port);
          if (ports.size === 0) {
            responders.delete(key);
            poller().remove(responder.fd);
            sockets.close(responder.fd);
          }
          return Promise.resolve();
        },
      };
    },
  };
}

/** The answer to a packet; undefined where none is due. */
function replyTo(
  { ports }: Responder,
  datagram: Uint8Array,
  { family, address }: { family: Family; address: string },
): SctpPacket | undefined {
  const packet = decodeSctp(family === 'IPv4' ? withoutIpHeader(datagram) : datagram);
  if (packet?.chunk.type !== 'init') return undefined;
  const { sourcePort, destinationPort, chunk } = packet;
  const answer = ports.get(destinationPort);
  const cookie = answer && Buffer.from(answer({ address, port: sourcePort }));
  return {
    sourcePort: destinationPort,
    destinationPort: sourcePort,
    verificationTag: chunk.tag,
    chunk: cookie === undefined ? { type: 'abort' } : { type: 'init-ack', tag: chunk.tag, cookie },
  };
}

/** The length of an IPv4 header is in its first byte, in words of four. */
const withoutIpHeader = (datagram: Uint8Array): Uint8Array =>
  datagram.subarray(((datagram[0] ?? 0) & 15) * 4);
