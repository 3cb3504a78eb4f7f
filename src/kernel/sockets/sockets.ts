import { parseAddress, type Address, type Family } from '../../lib/address.ts';
import { WeftError } from '../../lib/errors.ts';
import {
  AF_INET,
  AF_INET6,
  MSG_ERRQUEUE,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOCK_STREAM,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
  SO_REUSEADDR,
} from '../libc-constants.ts';
import { MessageHeader } from '../libc-message.ts';
import { SyscallError, libc, syscall, syscallUnless } from '../libc.ts';
import type { NetworkNamespaces } from '../netns/port.ts';
import { IPV6_RECVERR, IP_RECVERR, decodeIcmpError } from './error-queue.ts';
import { IPV6_RECVPKTINFO, IP_PKTINFO, encodePacketInfo } from './packet-info.ts';
import type {
  AnswerEnds,
  ConnectOptions,
  IcmpError,
  ListenOptions,
  Received,
  Sent,
  SocketFailure,
  Sockets,
} from './port.ts';
import { IPPROTO_SCTP, clearError, isQuotedBy, receiveSctp, sctpPeerOf, type SctpPeer } from './sctp.ts';
import { encodeSockaddr, sockaddrRoom } from './sockaddr.ts';

const IP_FREEBIND = 15;
const IP_TRANSPARENT = 19;
const IPV6_V6ONLY = 26;
const IPV6_TRANSPARENT = 75;
const IPV6_FREEBIND = 78;
const SO_LINGER = 13;
const MSG_NOSIGNAL = 0x4000;
const backlog = 511;

/** Options of one family: setsockopt level, and what differs in number between the families. */
const familyOf = {
  IPv4: {
    domain: AF_INET,
    level: SOL_IP,
    recvErr: IP_RECVERR,
    freebind: IP_FREEBIND,
    transparent: IP_TRANSPARENT,
    packetInfo: IP_PKTINFO,
  },
  IPv6: {
    domain: AF_INET6,
    level: SOL_IPV6,
    recvErr: IPV6_RECVERR,
    freebind: IPV6_FREEBIND,
    transparent: IPV6_TRANSPARENT,
    packetInfo: IPV6_RECVPKTINFO,
  },
} as const;

/** Real sockets, opened through libc inside the namespace; a namespace that is missing is `netns-missing`. */
export function createSockets({ namespaces }: { namespaces: NetworkNamespaces }): Sockets {
  const received = Buffer.alloc(1 << 16);
  const errorQueue = createErrorQueueReader();
  const sctpPeers = new Map<number, SctpPeer>();
  const inside = (namespace: string, open: () => number): number =>
    namespaces.inside(namespaces.open(namespace), open);
  return {
    listen: (namespace, options) => inside(namespace, () => listen(options)),
    connect(namespace, options) {
      const fd = inside(namespace, () => connect(options));
      if (options.protocol === 'sctp') sctpPeers.set(fd, sctpPeerOf(options));
      return fd;
    },
    listenSctp: (namespace, family) => inside(namespace, () => listenSctp(family)),
    answer,
    send(fd, data): Sent {
      try {
        if (sctpPeers.has(fd)) clearError(fd);
        const sent = syscallUnless(['EAGAIN'], 'send', () =>
          libc().send(fd, data, data.length, MSG_NOSIGNAL),
        );
        return { kind: sent === undefined ? 'later' : 'sent' };
      } catch (thrown) {
        return failureOf(thrown);
      }
    },
    receive(fd): Received {
      try {
        const peer = sctpPeers.get(fd);
        if (peer !== undefined) {
          const data = receiveSctp(fd, peer, received);
          return data === undefined ? { kind: 'nothing' } : { kind: 'data', data };
        }
        const length = syscallUnless(['EAGAIN'], 'recv', () => libc().recv(fd, received, received.length, 0));
        if (length === undefined) return { kind: 'nothing' };
        if (length === 0) return { kind: 'end' };
        return { kind: 'data', data: Uint8Array.from(received.subarray(0, length)) };
      } catch (thrown) {
        return failureOf(thrown);
      }
    },
    icmpError: (fd) => errorQueue(fd, sctpPeers.get(fd)),
    close(fd, options = {}) {
      if (options.reset === true) linger(fd);
      sctpPeers.delete(fd);
      syscall('close', () => libc().close(fd));
    },
  };
}

/** As `Sockets.listen`, in the network namespace that this thread is in. */
export function listenHere(options: ListenOptions): number {
  return listen(options);
}

function listen(options: ListenOptions): number {
  const { protocol, port, family = 'IPv4' } = options;
  const address = options.address === undefined ? anyAddress(family) : addressOf(options.address);
  const fd = openSocket(address, protocol);
  return orClose(fd, `${protocol} port ${port}`, () => {
    setOption(fd, SOL_SOCKET, SO_REUSEADDR);
    if (address.family === 'IPv6') setOption(fd, SOL_IPV6, IPV6_V6ONLY);
    if (options.tellsAsked === true) tellAsked(fd, address.family);
    bind(fd, address, port);
    if (protocol === 'tcp') syscall('listen', () => libc().listen(fd, backlog));
  });
}

function listenSctp(family: Family): number {
  const fd = openSocket({ family }, 'sctp');
  return orClose(fd, 'sctp', () => {
    tellAsked(fd, family);
  });
}

/** Has the kernel say with each datagram which address it was sent to. */
function tellAsked(fd: number, family: Family): void {
  const { level, packetInfo } = familyOf[family];
  setOption(fd, level, packetInfo);
}

function connect(options: ConnectOptions): number {
  const { protocol, port, sourcePort = 0 } = options;
  const address = addressOf(options.address);
  const fd = openSocket(address, protocol);
  return orClose(fd, `${protocol} to ${options.address} port ${port}`, () => {
    const { level, recvErr, freebind, transparent } = familyOf[address.family];
    setOption(fd, level, recvErr);
    if (options.sourceAddress !== undefined) {
      setOption(fd, level, freebind);
      // Binding is free then; *sending* from such an address also takes this one (ip_route_output_key_hash).
      setOption(fd, level, transparent);
      bind(fd, addressOf(options.sourceAddress), protocol === 'sctp' ? 0 : sourcePort);
    } else if (sourcePort !== 0 && protocol !== 'sctp') bind(fd, anyAddress(address.family), sourcePort);
    // Raw sockets have no ports of their own.
    const target = encodeSockaddr(address, protocol === 'sctp' ? 0 : port);
    syscallUnless(['EINPROGRESS'], 'connect', () => libc().connect(fd, target, target.length));
  });
}

/** Answers are not worth an error: whoever asked asks again. */
function answer(fd: number, data: Uint8Array, { from, to }: AnswerEnds): void {
  const name = encodeSockaddr(addressOf(to.address), to.port);
  const header = new MessageHeader({ data, name, control: encodePacketInfo(addressOf(from)) });
  try {
    header.send(fd, data.length, MSG_NOSIGNAL);
  } catch (thrown) {
    if (!(thrown instanceof SyscallError)) throw thrown;
  }
}

function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) {
    throw new WeftError('socket-refused', `${JSON.stringify(text)} is not an address`, { fault: 'input' });
  }
  return address;
}

const anyAddress = (family: Address['family']): Address => ({ family, value: 0n });

const socketTypes = {
  tcp: { type: SOCK_STREAM, number: 0 },
  udp: { type: SOCK_DGRAM, number: 0 },
  sctp: { type: SOCK_RAW, number: IPPROTO_SCTP },
} as const;

function openSocket({ family }: Pick<Address, 'family'>, protocol: keyof typeof socketTypes): number {
  const { type, number } = socketTypes[protocol];
  const { domain } = familyOf[family];
  return syscall('socket', () => libc().socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, number));
}

function bind(fd: number, address: Address, port: number): void {
  const local = encodeSockaddr(address, port);
  syscall('bind', () => libc().bind(fd, local, local.length));
}

function setOption(fd: number, level: number, option: number): void {
  const value = Buffer.alloc(4);
  value.writeInt32LE(1);
  syscall('setsockopt', () => libc().setsockopt(fd, level, option, value, value.length));
}

/** struct linger { int onoff = 1; int seconds = 0 }: close sends RST instead of FIN. */
function linger(fd: number): void {
  const value = Buffer.alloc(8);
  value.writeInt32LE(1, 0);
  syscall('setsockopt', () => libc().setsockopt(fd, SOL_SOCKET, SO_LINGER, value, value.length));
}

/** Runs the steps that make `fd` what was asked for and returns it; a socket that fails on the way is closed. */
function orClose(fd: number, what: string, prepare: () => void): number {
  try {
    prepare();
    return fd;
  } catch (thrown) {
    libc().close(fd);
    throw thrown instanceof SyscallError ? classify(thrown, what) : thrown;
  }
}

/**
 * Errnos of a failed bind or connect. Routes of type `unreachable`, `prohibit` and `blackhole` answer EHOSTUNREACH,
 * EACCES and EINVAL (fib_props in net/ipv4/fib_semantics.c): all mean that the sender has no way there.
 */
const codes: Readonly<Record<string, string>> = {
  'bind EADDRINUSE': 'socket-in-use',
  'listen EADDRINUSE': 'socket-in-use',
  'connect EADDRINUSE': 'socket-in-use',
  'connect EADDRNOTAVAIL': 'socket-in-use',
  'connect ENETUNREACH': 'socket-unreachable',
  'connect EHOSTUNREACH': 'socket-unreachable',
  'connect EACCES': 'socket-unreachable',
  'connect EINVAL': 'socket-unreachable',
};

function classify(error: SyscallError, what: string): WeftError {
  const code = codes[`${error.syscall} ${error.errnoName}`] ?? 'socket-refused';
  return new WeftError(code, `${what}: ${error.message}`, { cause: error });
}

function failureOf(thrown: unknown): SocketFailure {
  if (thrown instanceof SyscallError) return { kind: 'failed', errno: thrown.errnoName };
  throw thrown;
}

/** Reads error queues. The offending packet itself is cut off: 128 bytes of control hold error and offender. */
function createErrorQueueReader(): (fd: number, peer?: SctpPeer) => IcmpError | undefined {
  const control = Buffer.alloc(128);
  const quoted = Buffer.alloc(64);
  let header: MessageHeader | undefined;
  return (fd, peer) => {
    header ??= new MessageHeader({ data: quoted, name: Buffer.alloc(sockaddrRoom), control });
    for (;;) {
      const message = header.receive(fd, MSG_ERRQUEUE);
      if (message === undefined) return undefined;
      if (peer !== undefined && !isQuotedBy(peer, quoted.subarray(0, message.length))) continue;
      const error = decodeIcmpError(control.subarray(0, message.controlLength));
      // Anything else in the queue (a path MTU learnt locally, say) is of no interest.
      if (error !== undefined) return error;
    }
  };
}
