import { Worker } from 'node:worker_threads';
import { libc, syscall } from '../../src/kernel/libc.ts';
import {
  EFD_CLOEXEC,
  EFD_NONBLOCK,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLLIN,
  NETLINK_NETFILTER,
  SOL_NETLINK,
} from '../../src/kernel/libc-constants.ts';
import { openNetlink } from '../../src/kernel/libc-netlink.ts';
import type { NetworkNamespaces } from '../../src/kernel/netns/port.ts';
import { encodeEpollEvent } from '../../src/kernel/poll/epoll-event.ts';
import { parseMessages } from '../../src/wire/netlink/message.ts';
import { netfilterType, NFNL_SUBSYS_NFTABLES } from '../../src/wire/nfnetlink/header.ts';
import { parseElements } from '../../src/wire/nfnetlink/set-element.ts';
import { endId, type Announced } from './nft-events-worker.ts';

// linux/netlink.h, linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h
const NETLINK_ADD_MEMBERSHIP = 1;
const NFNLGRP_NFTABLES = 7;
const NFT_MSG_NEWSETELEM = 12;

/** Elements that the kernel says it added, when it said so. */
export interface NftEvents {
  /** Starts hearing a namespace. */
  listen(netns: string): void;
  /** Called for every element of a map whose value is bytes; `value` is that, `at` by `performance.now`. */
  onElement(callback: (event: { netns: string; value: Buffer; at: number }) => void): void;
  close(): Promise<void>;
}

/**
 * The kernel's own announcements of nftables changes: it sends them when a transaction is committed
 * (nf_tables_commit_notify in net/netfilter/nf_tables_api.c), never before. A thread waits for them that does nothing
 * else, so that the time is theirs, and not that of whoever measures. Make it before anything enters a namespace.
 */
export function createNftEvents(): { over(namespaces: NetworkNamespaces): NftEvents } {
  const epoll = syscall('epoll_create1', () => libc().epoll_create1(EPOLL_CLOEXEC));
  const worker = new Worker(new URL('./nft-events-worker.ts', import.meta.url), { workerData: epoll });
  return { over: (namespaces) => events({ epoll, worker, namespaces }) };
}

interface Parts {
  readonly epoll: number;
  readonly worker: Worker;
  readonly namespaces: NetworkNamespaces;
}

function events({ epoll, worker, namespaces }: Parts): NftEvents {
  const namespaceOf = new Map<number, string>();
  const end = syscall('eventfd', () => libc().eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  const exited = new Promise((resolve) => void worker.once('exit', resolve));
  const added = netfilterType(NFNL_SUBSYS_NFTABLES, NFT_MSG_NEWSETELEM);
  const sinceStart = Number(process.hrtime.bigint()) / 1e6 - performance.now();
  let tell: Parameters<NftEvents['onElement']>[0] = () => {};
  const watch = (fd: number, id: number): void => {
    const event = encodeEpollEvent({ events: EPOLLIN, fd, id });
    syscall('epoll_ctl', () => libc().epoll_ctl(epoll, EPOLL_CTL_ADD, fd, event));
  };
  watch(end, endId);
  worker.on('message', ({ fd, at, bytes }: Announced) => {
    const netns = namespaceOf.get(fd);
    if (netns === undefined) return;
    for (const message of parseMessages(bytes).filter(({ type }) => type === added)) {
      for (const { data } of parseElements(message)) {
        if (!(data instanceof Uint8Array)) continue;
        tell({ netns, value: Buffer.from(data), at: Number(at) / 1e6 - sinceStart });
      }
    }
  });
  return {
    listen(netns) {
      const fd = namespaces.inside(namespaces.open(netns), () => openNetlink(NETLINK_NETFILTER));
      namespaceOf.set(fd, netns);
      const group = Buffer.alloc(4);
      group.writeInt32LE(NFNLGRP_NFTABLES);
      syscall('setsockopt', () =>
        libc().setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group, group.length),
      );
      watch(fd, endId + 1);
    },
    onElement(callback) {
      tell = callback;
    },
    async close() {
      const one = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
      libc().write(end, one, one.length);
      await exited;
      for (const fd of [...namespaceOf.keys(), end, epoll]) libc().close(fd);
    },
  };
}
