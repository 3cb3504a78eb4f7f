import { WeftError } from '../../lib/errors.ts';
import { formatMac, macBytes } from '../../wire/ethernet/frame.ts';
import { AF_PACKET, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_RAW, SOL_PACKET } from '../libc-constants.ts';
import { libc, syscall, syscallUnless, SyscallError } from '../libc.ts';
import type { NetworkNamespaces } from '../netns/port.ts';
import type { Poller } from '../poll/port.ts';
import type { FrameOptions, Frames, FrameSocket } from './port.ts';

// struct ifreq (linux/if.h): 16 bytes of name, then a union of 24.
const ifreqSize = 40;
const unionOffset = 16;
const longestName = 15;
const SIOCGIFINDEX = 0x8933;
const SIOCGIFHWADDR = 0x8927;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_MR_MULTICAST = 0;
const macSize = 6;

export interface FramesDependencies {
  readonly namespaces: NetworkNamespaces;
  readonly poller: Poller;
}

/** Packet sockets (packet(7)), one for each EtherType: only its frames are copied, and none that leave. */
export function createFrames({ namespaces, poller }: FramesDependencies): Frames {
  return {
    open(namespace, link, options) {
      const opened = namespaces.inside(namespaces.open(namespace), () => openPacketSocket(link, options));
      poller.add(opened.fd, { message: options.onFrame });
      return frameSocket(opened, poller);
    },
    caughtUp: (callback) => poller.caughtUp(callback),
  };
}

interface Opened {
  readonly fd: number;
  readonly index: number;
  readonly mac: string;
}

function frameSocket({ fd, index, mac }: Opened, poller: Poller): FrameSocket {
  let isOpen = true;
  return {
    mac,
    send(frame) {
      if (!isOpen) return false;
      return syscallUnless(lost, 'send', () => libc().send(fd, frame, frame.length, 0)) !== undefined;
    },
    join(groupMac) {
      // struct packet_mreq: index i32, type u16, length u16, address[8].
      const request = Buffer.alloc(16);
      request.writeInt32LE(index, 0);
      request.writeUInt16LE(PACKET_MR_MULTICAST, 4);
      request.writeUInt16LE(macSize, 6);
      request.set(macBytes(groupMac), 8);
      syscall('setsockopt', () =>
        libc().setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, request, request.length),
      );
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      poller.remove(fd);
      libc().close(fd);
    },
  };
}

/** A link that is down, away, or full; a packet filter of the link's queue. */
const lost = ['ENETDOWN', 'ENXIO', 'ENODEV', 'ENOBUFS', 'EAGAIN', 'EPERM'];

/** In the namespace that this thread is in. Protocol 0 hears nothing until the socket is bound to its link. */
function openPacketSocket(link: string, { etherType }: Pick<FrameOptions, 'etherType'>): Opened {
  const fd = syscall('socket', () => libc().socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  try {
    const index = askLink(fd, link, SIOCGIFINDEX).readInt32LE(unionOffset);
    const address = askLink(fd, link, SIOCGIFHWADDR);
    bind(fd, { index, etherType });
    // struct sockaddr: family u16, then the address.
    const mac = formatMac(address.subarray(unionOffset + 2, unionOffset + 2 + macSize));
    return { fd, index, mac };
  } catch (error) {
    libc().close(fd);
    if (!(error instanceof SyscallError)) throw error;
    throw new WeftError('frames-refused', `link ${link}: ${error.message}`, { cause: error });
  }
}

function askLink(fd: number, link: string, question: number): Buffer {
  const request = Buffer.alloc(ifreqSize);
  request.write(link.slice(0, longestName));
  syscall('ioctl', () => libc().ioctl(fd, question, request));
  return request;
}

/** struct sockaddr_ll: family u16, EtherType u16 in network order, index i32, and what only receiving fills. */
function bind(fd: number, { index, etherType }: { index: number; etherType: number }): void {
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeUInt16BE(etherType, 2);
  address.writeInt32LE(index, 4);
  syscall('bind', () => libc().bind(fd, address, address.length));
}
