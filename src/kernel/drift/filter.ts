import { assemble, type Step } from './bpf.ts';

/*
 * A filter on a netlink socket sees each datagram from its nlmsghdr on (linux/netlink.h), which counts in host order:
 * little-endian on every machine Weft runs on, while BPF loads words big-endian.
 *
 *    0        4       6       8          12       16
 *   +--------+-------+-------+----------+--------+- - -
 *   | length | type  | flags | sequence | portid | body
 *   +--------+-------+-------+----------+--------+- - -
 */
const typeLow = 4;
const typeHigh = 5;
const portIdAt = 12;

const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_DELADDR = 21;
const RTM_DELROUTE = 25;
/** Deleting a neighbour tells first that it failed, and by whose request (net/core/neighbour.c, neigh_delete). */
const RTM_NEWNEIGH = 28;
const RTM_DELNEIGH = 29;
/** Low byte of ifi_flags of struct ifinfomsg (linux/rtnetlink.h). */
const linkFlagsAt = 24;
const IFF_UP = 1;
/** rtm_dst_len of struct rtmsg (linux/rtnetlink.h), and behind that structure. */
const destinationLengthAt = 17;
const routeAttributesAt = 28;
const RTA_PRIORITY = 6;
/** What an IPv6 route has without a metric of its own (IP6_RT_PRIO_USER, include/net/ip6_fib.h). */
const defaultMetric = 1024;
/** Behind struct ifinfomsg. */
const linkAttributesAt = 32;
/** Index of the other end; 0 when there is none. */
const IFLA_LINK = 5;

/**
 * rtnetlink: what somebody takes away, and links that are down. Netlink numbers the first socket of a process by the
 * process (af_netlink.c, netlink_autobind), and tells the number of who asked; 0 is the kernel itself, which ages
 * neighbours all the time.
 */
export function linkFilter(portId: number): Buffer {
  return assemble(takenAway(portId));
}

/**
 * The same for namespaces on the other end of links, without what the kernel does by itself: pods come and go all the
 * time, and it tells of all that goes with them. That somebody set a link down it tells as its own as well
 * (net/core/dev.c, dev_close_many); such a link still has its other end, and one that goes has lost it by then.
 */
export function peersFilter(portId: number): Buffer {
  return assemble([
    { load: 'word', at: portIdAt },
    { equals: 0, ifNot: 'somebody' },
    { load: 'byte', at: typeHigh },
    { equals: 0, ifNot: 'drop' },
    { load: 'byte', at: typeLow },
    { equals: RTM_NEWLINK, ifNot: 'drop' },
    { load: 'byte', at: linkFlagsAt },
    { hasBit: IFF_UP, ifSo: 'drop' },
    { load: 'attribute', from: linkAttributesAt, type: IFLA_LINK, ifNone: 'drop' },
    { equals: 0, ifSo: 'drop', ifNot: 'take' },
    ...takenAway(portId, 'somebody'),
  ]);
}

/** Default routes that somebody takes away, and those with a metric of their own. IPv4 has no attribute for none. */
export function routesFilter(portId: number): Buffer {
  return assemble([
    { load: 'word', at: portIdAt },
    { equals: 0, ifSo: 'drop' },
    { equals: swapped(portId), ifSo: 'drop' },
    { load: 'byte', at: typeHigh },
    { equals: 0, ifNot: 'drop' },
    { load: 'byte', at: typeLow },
    { equals: RTM_DELROUTE, ifNot: 'drop' },
    { load: 'byte', at: destinationLengthAt },
    { equals: 0, ifSo: 'take' },
    { load: 'attribute', from: routeAttributesAt, type: RTA_PRIORITY, ifNone: 'drop' },
    { equals: swapped(defaultMetric), ifSo: 'drop', ifNot: 'take' },
  ]);
}

function takenAway(exceptBy: number, label = 'start'): Step[] {
  return [
    { label, load: 'word', at: portIdAt },
    { equals: swapped(exceptBy), ifSo: 'drop' },
    { load: 'byte', at: typeHigh },
    { equals: 0, ifNot: 'drop' },
    { load: 'byte', at: typeLow },
    { equals: RTM_DELLINK, ifSo: 'take' },
    { equals: RTM_DELADDR, ifSo: 'take' },
    { equals: RTM_DELROUTE, ifSo: 'take' },
    { equals: RTM_NEWLINK, ifSo: 'link' },
    { equals: RTM_NEWNEIGH, ifSo: 'neighbour' },
    { equals: RTM_DELNEIGH, ifNot: 'drop' },
    { label: 'neighbour', load: 'word', at: portIdAt },
    { equals: 0, ifSo: 'drop', ifNot: 'take' },
    { label: 'link', load: 'byte', at: linkFlagsAt },
    { hasBit: IFF_UP, ifSo: 'drop', ifNot: 'take' },
  ];
}

const NFT_MSG_NEWGEN = 15;
const NFNL_SUBSYS_NFTABLES = 10;
/** Value of NFTA_GEN_PROC_PID: behind nfgenmsg, the attribute of the generation and its own header. */
const processAt = 32;

/**
 * nftables: the message that ends each transaction, where another process committed it. Its attributes come in a fixed
 * order (nf_tables_api.c, nf_tables_fill_gen_info): the generation, then the process, in network order.
 */
export function rulesFilter(pid: number): Buffer {
  return assemble([
    { load: 'byte', at: typeLow },
    { equals: NFT_MSG_NEWGEN, ifNot: 'drop' },
    { load: 'byte', at: typeHigh },
    { equals: NFNL_SUBSYS_NFTABLES, ifNot: 'drop' },
    { load: 'word', at: processAt },
    { equals: pid >>> 0, ifSo: 'drop', ifNot: 'take' },
  ]);
}

/** A number that the kernel wrote in host order, as a BPF word load sees it. */
function swapped(value: number): number {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value | 0);
  return bytes.readUInt32BE();
}
