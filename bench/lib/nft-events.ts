import { createPoller } from '../../src/kernel/poll/poller.ts';
import { libc, syscall } from '../../src/kernel/libc.ts';
import { NETLINK_NETFILTER, SOL_NETLINK } from '../../src/kernel/libc-constants.ts';
import { openNetlink } from '../../src/kernel/libc-netlink.ts';
import type { NetworkNamespaces } from '../../src/kernel/netns/port.ts';
import { parseMessages } from '../../src/wire/netlink/message.ts';
import { netfilterType, NFNL_SUBSYS_NFTABLES } from '../../src/wire/nfnetlink/header.ts';
import { parseElements } from '../../src/wire/nfnetlink/set-element.ts';

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
 * (nf_tables_commit_notify in net/netfilter/nf_tables_api.c), never before. Make it before anything enters a
 * namespace.
 */
export function createNftEvents(): { over(namespaces: NetworkNamespaces): NftEvents } {
  const poller = createPoller();
  return { over: (namespaces) => events(poller, namespaces) };
}

function events(poller: ReturnType<typeof createPoller>, namespaces: NetworkNamespaces): NftEvents {
  const fds: number[] = [];
  let tell: Parameters<NftEvents['onElement']>[0] = () => {};
  const hear = (netns: string, datagram: Uint8Array): void => {
    const at = performance.now();
    const added = netfilterType(NFNL_SUBSYS_NFTABLES, NFT_MSG_NEWSETELEM);
    for (const message of parseMessages(datagram).filter(({ type }) => type === added)) {
      for (const { data } of parseElements(message)) {
        if (data instanceof Uint8Array) tell({ netns, value: Buffer.from(data), at });
      }
    }
  };
  return {
    listen(netns) {
      const fd = namespaces.inside(namespaces.open(netns), () => openNetlink(NETLINK_NETFILTER));
      fds.push(fd);
      const group = Buffer.alloc(4);
      group.writeInt32LE(NFNLGRP_NFTABLES);
      syscall('setsockopt', () =>
        libc().setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group, group.length),
      );
      poller.add(fd, {
        message: (datagram) => hear(netns, datagram),
        overrun: () => {
          throw new Error('announcements of nftables changes were lost');
        },
      });
    },
    onElement(callback) {
      tell = callback;
    },
    async close() {
      for (const fd of fds) {
        poller.remove(fd);
        libc().close(fd);
      }
      await poller.close();
    },
  };
}
