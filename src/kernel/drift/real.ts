import { encodeGenerationRequest, parseGenerationProcess } from '../../wire/nfnetlink/generation.ts';
import { parseMessages } from '../../wire/netlink/message.ts';
import { libc, syscall } from '../libc.ts';
import { MSG_DONTWAIT, NETLINK_NETFILTER, NETLINK_ROUTE, SOL_NETLINK } from '../libc-constants.ts';
import { createNetlinkReader, openNetlink, receiveNetlink, sendNetlink } from '../libc-netlink.ts';
import type { NetworkNamespaces } from '../netns/port.ts';
import type { Poller } from '../poll/port.ts';
import { attachFilter } from './bpf.ts';
import { linkFilter, peersFilter, routesFilter, rulesFilter } from './filter.ts';
import type { Drift, DriftWatch } from './port.ts';

export interface DriftWatchDependencies {
  readonly namespaces: Pick<NetworkNamespaces, 'open' | 'inside'>;
  readonly poller: Poller;
}

const NETLINK_ADD_MEMBERSHIP = 1;
/** Hears of all namespaces that have a number in the socket's own, as the other end of a veth pair has. */
const NETLINK_LISTEN_ALL_NSID = 8;
/** RTNLGRP_LINK, NEIGH, IPV4_IFADDR, IPV4_ROUTE, IPV6_IFADDR, IPV6_ROUTE (linux/rtnetlink.h). */
const linkGroups = [1, 3, 5, 7, 9, 11];
/** NFNLGRP_NFTABLES (linux/netfilter/nfnetlink_compat.h). */
const rulesGroups = [7];

/** A socket per namespace and kind, filtered in the kernel and read by the poller, which stays the caller's. */
export function createDriftWatch(dependencies: DriftWatchDependencies): DriftWatch {
  return new NetlinkDriftWatch(dependencies);
}

class NetlinkDriftWatch implements DriftWatch {
  readonly #dependencies: DriftWatchDependencies;
  readonly #sockets = new Map<string, Map<Drift['of'], number>>();
  #callback: (drift: Drift) => void = () => {};
  #self: number | undefined;

  constructor(dependencies: DriftWatchDependencies) {
    this.#dependencies = dependencies;
  }

  watch(namespace: string, of: readonly Drift['of'][]): void {
    const sockets = this.#sockets.get(namespace) ?? new Map<Drift['of'], number>();
    for (const kind of of) {
      if (sockets.has(kind)) continue;
      sockets.set(kind, this.#subscribe({ namespace, of: kind }));
      this.#sockets.set(namespace, sockets);
    }
  }

  onDrift(callback: (drift: Drift) => void): void {
    this.#callback = callback;
  }

  forget(namespace: string): void {
    for (const fd of this.#sockets.get(namespace)?.values() ?? []) {
      this.#dependencies.poller.remove(fd);
      libc().close(fd);
    }
    this.#sockets.delete(namespace);
  }

  close(): void {
    for (const namespace of this.#sockets.keys()) this.forget(namespace);
  }

  #subscribe(drift: Drift): number {
    const { namespaces, poller } = this.#dependencies;
    const protocol = drift.of === 'rules' ? NETLINK_NETFILTER : NETLINK_ROUTE;
    const pin = namespaces.open(drift.namespace);
    const fd = namespaces.inside(pin, () => openNetlink(protocol));
    // One told of is enough for many: whoever listens compares everything.
    const told = (): void => this.#callback(drift);
    try {
      this.#self ??= protocol === NETLINK_NETFILTER ? askForSelf(fd) : undefined;
      attachFilter(fd, this.#filterOf(drift.of));
      if (drift.of === 'peers') setOption(fd, NETLINK_LISTEN_ALL_NSID, 1);
      for (const group of drift.of === 'rules' ? rulesGroups : linkGroups) {
        setOption(fd, NETLINK_ADD_MEMBERSHIP, group);
      }
      poller.add(fd, { message: told, overrun: told });
      return fd;
    } catch (error) {
      libc().close(fd);
      throw error;
    }
  }

  #filterOf(what: Drift['of']): Buffer {
    if (what === 'rules') return rulesFilter(this.#self ?? 0);
    if (what === 'routes') return routesFilter(process.pid);
    return what === 'links' ? linkFilter(process.pid) : peersFilter(process.pid);
  }
}

/** This process as the kernel counts processes, which differs from its own count in a container. */
function askForSelf(fd: number): number | undefined {
  sendNetlink(fd, encodeGenerationRequest(1));
  const answer = receiveNetlink(fd, createNetlinkReader(), MSG_DONTWAIT);
  if (answer === undefined) return undefined;
  return parseMessages(answer).map(parseGenerationProcess).find(Boolean);
}

function setOption(fd: number, option: number, number: number): void {
  const value = Buffer.alloc(4);
  value.writeInt32LE(number);
  syscall('setsockopt', () => libc().setsockopt(fd, SOL_NETLINK, option, value, value.length));
}
