import type { FrameSocket, Frames } from '../kernel/frames/port.ts';
import type { Poller } from '../kernel/poll/port.ts';
import type { Sockets } from '../kernel/sockets/port.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { decodeDhcp, dhcpPorts, encodeDhcp, type DhcpReply } from '../wire/dhcp/message.ts';
import { broadcastMac, encodeFrame, etherTypes } from '../wire/ethernet/frame.ts';
import { encodeUdp } from '../wire/udp.ts';
import { answerTo, type ServedNetwork } from './answer.ts';
import type { Leases } from '../model/fabric/layer2/leases.ts';

export interface DhcpServer {
  close(): void;
}

export interface DhcpServerOptions {
  /** Pin's name of the namespace that has the server's address, and the link there. */
  readonly netns: string;
  readonly link: string;
  readonly network: ServedNetwork;
  readonly leases: Leases;
  readonly frames: Frames;
  readonly sockets: Pick<Sockets, 'listen' | 'close'>;
  readonly poller: Pick<Poller, 'add' | 'remove'>;
  /** The link is no longer there: the server is to be made again. */
  readonly onLost: () => void;
  readonly log: Log;
}

/** Requests that wait are no more than this: clients ask again. */
const mostWaiting = 64;
const nobody = '0.0.0.0';
const everybody = '255.255.255.255';

/**
 * Answers the DHCP clients of one broadcast domain, one after the other. What clients say comes by a UDP socket; what they are
 * told goes out in frames, for they do not answer ARP for an address that they do not have yet. Throws as `Frames.open` and
 * `Sockets.listen`.
 */
export function createDhcpServer(options: DhcpServerOptions): DhcpServer {
  const { netns, link, network, leases, frames, sockets, poller, log } = options;
  const socket = frames.open(netns, link, { etherType: etherTypes.ipv4, onFrame: () => {} });
  const fd = listen(options, socket);
  let waiting = 0;
  let last: Promise<void> = Promise.resolve();
  let isOpen = true;

  const handle = async (datagram: Uint8Array): Promise<void> => {
    const request = decodeDhcp(datagram);
    if (request === undefined || !isOpen) return;
    try {
      const reply = await answerTo(request, network, leases);
      if (reply === undefined || !isOpen || socket.send(frameOf(reply, socket.mac))) return;
      log.info({ netns }, 'a DHCP server was cut off');
      options.onLost();
    } catch (error) {
      log.warn(
        { netns, client: request.mac, error: messageOf(error) },
        'a DHCP client could not be answered',
      );
    }
  };

  poller.add(fd, {
    message(datagram) {
      if (waiting >= mostWaiting) return;
      waiting++;
      last = last.then(() => handle(datagram)).finally(() => waiting--);
    },
  });
  return {
    close() {
      isOpen = false;
      poller.remove(fd);
      sockets.close(fd);
      socket.close();
    },
  };
}

function listen({ netns, sockets }: DhcpServerOptions, socket: FrameSocket): number {
  try {
    return sockets.listen(netns, { protocol: 'udp', port: dhcpPorts.server });
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** Where a reply goes (RFC 2131 section 4.1): to the client's address once it answers there, and to nobody else where it can. */
function frameOf(reply: DhcpReply, source: string): Uint8Array {
  const { to, address = nobody, server } = reply;
  const own = to.clientAddress === nobody ? address : to.clientAddress;
  const isForAll =
    reply.type === 'refuse' || own === nobody || (to.isBroadcast && to.clientAddress === nobody);
  const payload = encodeUdp({
    source: server,
    destination: isForAll ? everybody : own,
    sourcePort: dhcpPorts.server,
    destinationPort: dhcpPorts.client,
    data: encodeDhcp(reply),
  });
  return encodeFrame({
    destination: isForAll ? broadcastMac : to.mac,
    source,
    etherType: etherTypes.ipv4,
    payload,
  });
}
