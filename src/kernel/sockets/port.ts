import type { Family } from '../../lib/address.ts';

/** Opens sockets inside pinned namespaces and hands them over as descriptors, non-blocking and close-on-exec. */
export interface Sockets {
  /**
   * A listening TCP socket, or a bound UDP socket, on `port` of `address` (any address when absent).
   * Throws `socket-in-use` or `socket-refused`.
   */
  listen(namespace: string, options: ListenOptions): number;
  /**
   * A TCP or UDP socket whose connection is under way (or made, for UDP) to a literal address.
   * Throws `socket-unreachable` when the kernel has no route, `socket-in-use` when the source port is taken.
   */
  connect(namespace: string, options: ConnectOptions): number;
  /** The next entry of the socket's error queue (IP_RECVERR): who sent which ICMP error. Undefined when empty. */
  icmpError(fd: number): IcmpError | undefined;
  close(fd: number): void;
}

export interface ListenOptions {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  readonly family?: Family;
  readonly address?: string;
}

export interface ConnectOptions {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  /** Local port; chosen by the kernel when absent. */
  readonly sourcePort?: number;
  /** Local address; may be one the namespace does not own (IP_FREEBIND). */
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
