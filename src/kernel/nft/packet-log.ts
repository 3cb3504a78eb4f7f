import { WeftError } from '../../lib/errors.ts';
import { encodeLogSubscription, parseLoggedPacket } from '../../wire/nfnetlink/log.ts';
import { parseAcknowledgement, parseMessages } from '../../wire/netlink/message.ts';
import { libc } from '../libc.ts';
import { MSG_DONTWAIT, NETLINK_NETFILTER } from '../libc-constants.ts';
import { errnoName } from '../libc-errno.ts';
import { createNetlinkReader, openNetlink, receiveNetlink, sendNetlink } from '../libc-netlink.ts';
import type { NetworkNamespaces } from '../netns/port.ts';
import type { Poller } from '../poll/port.ts';
import type { LoggedPacket, PacketLog } from './log-port.ts';

/** Enough for IPv6, TCP with options, and a few bytes more. */
const copyRange = 128;

export interface PacketLogDependencies {
  readonly namespaces: NetworkNamespaces;
  readonly poller: Poller;
}

/** NFLOG of pinned namespaces: a socket per namespace and group, read by the poller, which stays the caller's. */
export function createPacketLog(dependencies: PacketLogDependencies): PacketLog {
  return new NetlinkPacketLog(dependencies);
}

class NetlinkPacketLog implements PacketLog {
  readonly #dependencies: PacketLogDependencies;
  readonly #reader = createNetlinkReader();
  /** Socket by namespace and group. */
  readonly #subscriptions = new Map<string, Map<number, number>>();
  #callback: (packet: LoggedPacket) => void = () => {};
  #overruns = 0;

  constructor(dependencies: PacketLogDependencies) {
    this.#dependencies = dependencies;
  }

  get overruns(): number {
    return this.#overruns;
  }

  onPacket(callback: (packet: LoggedPacket) => void): void {
    this.#callback = callback;
  }

  listen(namespace: string, group: number): void {
    const groups = this.#subscriptions.get(namespace) ?? new Map<number, number>();
    if (groups.has(group)) return;
    const { namespaces, poller } = this.#dependencies;
    const pin = namespaces.open(namespace);
    const fd = namespaces.inside(pin, () => openNetlink(NETLINK_NETFILTER));
    try {
      this.#subscribe(fd, { namespace, group });
      poller.add(fd, {
        message: (datagram) => this.#deliver(namespace, datagram),
        overrun: () => this.#overruns++,
      });
    } catch (error) {
      libc().close(fd);
      throw error;
    }
    groups.set(group, fd);
    this.#subscriptions.set(namespace, groups);
  }

  forget(namespace: string): void {
    for (const fd of this.#subscriptions.get(namespace)?.values() ?? []) {
      this.#dependencies.poller.remove(fd);
      libc().close(fd);
    }
    this.#subscriptions.delete(namespace);
  }

  async close(): Promise<void> {
    for (const namespace of this.#subscriptions.keys()) this.forget(namespace);
  }

  #subscribe(fd: number, { namespace, group }: { namespace: string; group: number }): void {
    sendNetlink(fd, encodeLogSubscription({ group, copyRange, sequence: 1 }));
    for (;;) {
      const datagram = receiveNetlink(fd, this.#reader, MSG_DONTWAIT);
      if (datagram === undefined)
        throw new WeftError('log-silent', 'the kernel did not acknowledge a log group');
      const copy = Buffer.from(datagram);
      const acknowledgement = parseMessages(copy).map(parseAcknowledgement).find(Boolean);
      if (acknowledgement !== undefined) {
        checkSubscribed(acknowledgement.errno, `group ${group} of ${namespace}`);
        return;
      }
      // A packet can be quicker than the acknowledgement of its group.
      this.#deliver(namespace, copy);
    }
  }

  #deliver(namespace: string, datagram: Uint8Array): void {
    for (const message of parseMessages(datagram)) {
      const packet = parseLoggedPacket(message);
      if (packet === undefined) continue;
      const { prefix, mark, payload } = packet;
      this.#callback({ namespace, prefix, mark, payload });
    }
  }
}

function checkSubscribed(errno: number, what: string): void {
  if (errno === 0) return;
  const name = errnoName(errno);
  // EPERM: another socket is bound to the group (net/netfilter/nfnetlink_log.c, nfulnl_recv_config).
  if (name === 'EPERM' || name === 'EBUSY')
    throw new WeftError('log-taken', `somebody else reads log ${what}`);
  throw new WeftError('log-refused', `the kernel refused log ${what}: ${name}`);
}
