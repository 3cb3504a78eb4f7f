import type { Family } from '../../lib/address.ts';

/** Opens sockets inside pinned namespaces and hands them over as descriptors, non-blocking and close-on-exec. */
export interface Sockets {
  /**
   * A listening TCP socket, or a bound UDP socket, on `port` of `address` (any address when absent).
   * Throws `socket-in-use` or `socket-refused`.
   */
  listen(namespace: string, options: ListenOptions): number;
  /**
   * A TCP or UDP socket whose connection is under way (or made, for UDP) to a literal address. For SCTP it is a raw
   * socket, for few kernels have others: what it sends and receives are whole packets from the common header on. It
   * receives whatever comes from that peer's address, also for others; its ICMP errors are its own. Throws `socket-unreachable` when the kernel has no route, `socket-in-use` when
   * the source port is taken (by an SCTP socket it never is), otherwise `socket-refused`.
   */
  connect(namespace: string, options: ConnectOptions): number;
  /**
   * A raw socket that every SCTP packet to an address of the namespace comes to; IPv4 packets with their IP header. As
   * long as there is none, the kernel says to whoever asks that it does not speak the protocol. A poller tells with each
   * which address was asked.
   */
  listenSctp(namespace: string, family: Family): number;
  /**
   * Sends by a UDP socket of `listen`, or an SCTP packet, from the common header on, by one of `listenSctp`, from the address
   * that was asked; what cannot be sent is lost. The port of SCTP is 0.
   */
  answer(fd: number, data: Uint8Array, ends: AnswerEnds): void;
  /** Sends on a connected socket, as much as fits: for probes, whose payload always does. */
  send(fd: number, data: Uint8Array): Sent;
  /** Receives what is there: one datagram, or at most 64 KiB of a stream. */
  receive(fd: number): Received;
  /** The next entry of the socket's error queue (IP_RECVERR): who sent which ICMP error. Undefined when empty. */
  icmpError(fd: number): IcmpError | undefined;
  /** `reset` ends a TCP connection by RST, which leaves no TIME_WAIT behind. */
  close(fd: number, options?: { readonly reset?: boolean }): void;
}

/**
 * `later`: the connection is not made yet, or the buffer is full. `failed`: the socket's pending error, which is
 * reported once; when an ICMP message caused it, the error queue says who sent it.
 */
export type Sent = { readonly kind: 'sent' | 'later' } | SocketFailure;

/** `nothing`: not yet. `end`: the peer closed its side (TCP), or sent an empty datagram (UDP). */
export type Received =
  | { readonly kind: 'data'; readonly data: Uint8Array }
  | { readonly kind: 'nothing' | 'end' }
  | SocketFailure;

export interface SocketFailure {
  readonly kind: 'failed';
  /** Symbolic, such as `ECONNREFUSED`. */
  readonly errno: string;
}

export interface ListenOptions {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  /** IPv4 when absent. An IPv6 socket takes IPv6 only (IPV6_V6ONLY), so that both can be had on one port. */
  readonly family?: Family;
  /** A literal address of that family. */
  readonly address?: string;
  /** Of UDP: a poller that reads the socket tells with each datagram which address was asked. */
  readonly tellsAsked?: boolean;
}

/** Where an answer goes, and the address it leaves from. */
export interface AnswerEnds {
  readonly from: string;
  readonly to: { readonly address: string; readonly port: number };
}

export interface ConnectOptions {
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly address: string;
  readonly port: number;
  /** Local port; chosen by the kernel when absent. */
  readonly sourcePort?: number;
  /** Local address; may be one the namespace does not own (IP_FREEBIND, IP_TRANSPARENT). */
  readonly sourceAddress?: string;
}

export interface IcmpError {
  /** Address of the machine that sent the error. */
  readonly offender: string;
  readonly type: number;
  readonly code: number;
  /** The errno the kernel derived, such as `ECONNREFUSED`. */
  readonly errno: string;
}
