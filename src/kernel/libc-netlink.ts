import { libc, syscall, syscallUnless } from './libc.ts';
import {
  AF_NETLINK,
  NETLINK_CAP_ACK,
  NETLINK_EXT_ACK,
  NETLINK_GET_STRICT_CHK,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SOCK_CLOEXEC,
  SOCK_RAW,
  SOL_NETLINK,
  SOL_SOCKET,
} from './libc-constants.ts';
import { MessageHeader } from './libc-message.ts';

// Enough for the acknowledgements of a full batch, and for a dump's largest datagram (32 KB, af_netlink.c).
const socketBuffer = 4 * 1024 * 1024;
const datagramSize = 64 * 1024;

/** Memory for one datagram; sockets that are read one after the other can share it. */
export interface NetlinkReader {
  readonly data: Buffer;
  readonly header: MessageHeader;
}

export function createNetlinkReader(): NetlinkReader {
  const data = Buffer.alloc(datagramSize);
  return { data, header: new MessageHeader({ data }) };
}

/**
 * Opens a blocking, close-on-exec netlink socket of `protocol` (NETLINK_ROUTE, ...) in the namespace this thread
 * is in; it stays there wherever it is used from. Acknowledgements are short and carry extended-ack texts, and
 * dump requests are checked strictly (so that their filters are honoured). Throws `SyscallError`.
 */
export function openNetlink(protocol: number): number {
  const fd = syscall('socket', () => libc().socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  try {
    for (const option of [NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK]) {
      setOption(fd, { level: SOL_NETLINK, option, value: 1 });
    }
    setBufferSizes(fd);
    const kernel = Buffer.from([AF_NETLINK, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    // Connected to the kernel (port 0): other processes' datagrams never arrive.
    syscall('connect', () => libc().connect(fd, kernel, kernel.length));
    return fd;
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}

/** Beyond net.core.rmem_max where this process may, up to it elsewhere (in a user namespace, say). */
function setBufferSizes(fd: number): void {
  const options = [
    [SO_RCVBUFFORCE, SO_RCVBUF],
    [SO_SNDBUFFORCE, SO_SNDBUF],
  ] as const;
  for (const [forced, limited] of options) {
    const set = (option: number) => () =>
      callSetOption(fd, { level: SOL_SOCKET, option, value: socketBuffer });
    if (syscallUnless(['EPERM'], 'setsockopt', set(forced)) === undefined)
      syscall('setsockopt', set(limited));
  }
}

interface SocketOption {
  readonly level: number;
  readonly option: number;
  readonly value: number;
}

function setOption(fd: number, option: SocketOption): void {
  syscall('setsockopt', () => callSetOption(fd, option));
}

/** To be called by `syscall`, which looks at the result. */
function callSetOption(fd: number, { level, option, value }: SocketOption): number {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return libc().setsockopt(fd, level, option, bytes, bytes.length);
}

/** Sends one batch of messages. Throws `SyscallError` (EMSGSIZE for more than the send buffer). */
export function sendNetlink(fd: number, messages: Uint8Array): void {
  syscall('send', () => libc().send(fd, messages, messages.length, 0));
}

/**
 * Receives one datagram, waiting for it unless `flags` has MSG_DONTWAIT (undefined then when there is none). The
 * bytes are the reader's and good until the next call. Throws `SyscallError`: ENOBUFS means answers were lost.
 */
export function receiveNetlink(fd: number, reader: NetlinkReader, flags = 0): Buffer | undefined {
  const received = reader.header.receive(fd, flags);
  return received === undefined ? undefined : reader.data.subarray(0, received.length);
}
