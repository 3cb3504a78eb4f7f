import { WeftError } from '../../lib/errors.ts';
import {
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
  parseAcknowledgement,
  parseMessages,
  type Acknowledgement,
  type NetlinkMessage,
} from '../../wire/netlink/message.ts';
import { libc, syscall, syscallUnless } from '../libc.ts';
import { MSG_DONTWAIT, NETLINK_NETFILTER, SO_SNDBUF, SO_SNDBUFFORCE, SOL_SOCKET } from '../libc-constants.ts';
import { errnoName } from '../libc-errno.ts';
import { createNetlinkReader, openNetlink, receiveNetlink, sendNetlink } from '../libc-netlink.ts';
import type { NetworkNamespaces } from '../netns/port.ts';

/** A dump of a table that changes all the time is given up after this many tries. */
const dumpTries = 16;

/** Every send buffer takes this much: the kernel grants twice what is asked for, and that is 208 kB or more. */
const alwaysFits = 200_000;
/** What the kernel wants to be left of it (net/netlink/af_netlink.c, netlink_sendmsg). */
const sendOverhead = 32;

/**
 * One NETLINK_NETFILTER socket per pinned namespace, opened on first use. Synchronous: the kernel answers
 * netfilter requests before `send` returns.
 */
export interface NetfilterSockets {
  /** A sequence number; the `count - 1` after it are reserved as well. */
  sequence(count?: number): number;
  /**
   * Whether one datagram may have so many bytes. Where it cannot be made so: without root, net.core.wmem_max is the
   * limit.
   */
  fits(namespace: string, length: number): boolean;
  /** Sends one datagram and returns every answer that is there then. Throws `SyscallError`: EMSGSIZE if it does not fit. */
  exchange(namespace: string, bytes: Uint8Array): NetlinkMessage[];
  /** Sends one acknowledged request and returns the acknowledgement, whatever its errno. */
  request(namespace: string, bytes: Uint8Array): Acknowledgement;
  /**
   * Returns the messages of a dump, read again where the table changed meanwhile. Throws `NetfilterError` when
   * the kernel refuses, `netfilter-unsteady` when it never stays still.
   */
  dump(namespace: string, encode: (sequence: number) => Uint8Array): NetlinkMessage[];
  forget(namespace: string): void;
  close(): void;
}

/** The kernel's answer to a request it refused; code `netfilter-refused`. */
export class NetfilterError extends WeftError {
  readonly errnoName: string;

  constructor({ errno, text }: Acknowledgement) {
    const detail = text === '' ? '' : ` (${text})`;
    super('netfilter-refused', `netfilter refused: ${errnoName(errno)}${detail}`);
    this.name = 'NetfilterError';
    this.errnoName = errnoName(errno);
  }
}

export function createNetfilterSockets(dependencies: {
  readonly namespaces: NetworkNamespaces;
}): NetfilterSockets {
  return new Sockets(dependencies.namespaces);
}

class Sockets implements NetfilterSockets {
  readonly #namespaces: NetworkNamespaces;
  readonly #reader = createNetlinkReader();
  readonly #fds = new Map<string, number>();
  #next = 1;

  constructor(namespaces: NetworkNamespaces) {
    this.#namespaces = namespaces;
  }

  sequence(count = 1): number {
    if (this.#next + count > 0xffff_ffff) this.#next = 1;
    const first = this.#next;
    this.#next += count;
    return first;
  }

  fits(namespace: string, length: number): boolean {
    if (length <= alwaysFits) return true;
    const fd = this.#open(namespace);
    return length <= sendBufferOf(fd) - sendOverhead || growSendBuffer(fd, length);
  }

  exchange(namespace: string, bytes: Uint8Array): NetlinkMessage[] {
    const fd = this.#open(namespace);
    sendNetlink(fd, bytes);
    const answers: NetlinkMessage[] = [];
    for (;;) {
      const datagram = receiveNetlink(fd, this.#reader, MSG_DONTWAIT);
      if (datagram === undefined) return answers;
      answers.push(...parseMessages(Buffer.from(datagram)));
    }
  }

  request(namespace: string, bytes: Uint8Array): Acknowledgement {
    const answer = this.exchange(namespace, bytes).find(({ type }) => type === NLMSG_ERROR);
    const acknowledgement = answer && parseAcknowledgement(answer);
    if (acknowledgement === undefined)
      throw new WeftError('netfilter-silent', 'the kernel did not acknowledge');
    return acknowledgement;
  }

  dump(namespace: string, encode: (sequence: number) => Uint8Array): NetlinkMessage[] {
    try {
      for (let tries = 0; tries < dumpTries; tries++) {
        const messages = this.#dumpOnce(namespace, encode);
        if (messages !== undefined) return messages;
      }
    } catch (error) {
      // The rest of a dump that was cut short would be taken for the answer to the next request.
      this.forget(namespace);
      throw error;
    }
    throw new WeftError(
      'netfilter-unsteady',
      `${namespace}: the table changed during each of ${dumpTries} dumps`,
    );
  }

  #dumpOnce(namespace: string, encode: (sequence: number) => Uint8Array): NetlinkMessage[] | undefined {
    const fd = this.#open(namespace);
    sendNetlink(fd, encode(this.sequence()));
    const found: NetlinkMessage[] = [];
    let interrupted = false;
    for (;;) {
      const datagram = receiveNetlink(fd, this.#reader);
      // A blocking socket always has one; an empty copy would end nothing.
      for (const message of parseMessages(Buffer.from(datagram ?? []))) {
        interrupted ||= (message.flags & NLM_F_DUMP_INTR) !== 0;
        const end = parseAcknowledgement(message);
        if (end === undefined) found.push(message);
        else if (end.errno !== 0) throw new NetfilterError(end);
        else if (message.type === NLMSG_DONE) return interrupted ? undefined : found;
      }
    }
  }

  forget(namespace: string): void {
    const fd = this.#fds.get(namespace);
    if (fd === undefined) return;
    this.#fds.delete(namespace);
    libc().close(fd);
  }

  close(): void {
    for (const namespace of this.#fds.keys()) this.forget(namespace);
  }

  #open(namespace: string): number {
    const known = this.#fds.get(namespace);
    if (known !== undefined) return known;
    const pin = this.#namespaces.open(namespace);
    const fd = this.#namespaces.inside(pin, () => openNetlink(NETLINK_NETFILTER));
    this.#fds.set(namespace, fd);
    return fd;
  }
}

/** A batch must be one datagram, and that must fit the send buffer. False when this process may not have it so. */
function growSendBuffer(fd: number, size: number): boolean {
  const value = Buffer.alloc(4);
  value.writeInt32LE(size);
  const grow = () => libc().setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, value, value.length);
  return syscallUnless(['EPERM'], 'setsockopt', grow) !== undefined;
}

function sendBufferOf(fd: number): number {
  const value = Buffer.alloc(4);
  const length = Buffer.from([4, 0, 0, 0]);
  syscall('getsockopt', () => libc().getsockopt(fd, SOL_SOCKET, SO_SNDBUF, value, length));
  return value.readInt32LE();
}
