import { NLM_F_ACK, NLM_F_REQUEST, type NetlinkMessage } from '../netlink/message.ts';
import { MessageWriter } from '../netlink/writer.ts';
import { beginNetfilter, netfilterType, NFNL_SUBSYS_ULOG, NFPROTO_UNSPEC, parseNetfilter } from './header.ts';

// linux/netfilter/nfnetlink_log.h
const NFULNL_MSG_PACKET = 0;
const NFULNL_MSG_CONFIG = 1;
const NFULNL_CFG_CMD_BIND = 1;
const NFULNL_COPY_PACKET = 2;
const NFULA_CFG_CMD = 1;
const NFULA_CFG_MODE = 2;
const NFULA_CFG_NLBUFSIZ = 3;
const NFULA_CFG_TIMEOUT = 4;
const NFULA_CFG_QTHRESH = 5;
const NFULA_MARK = 2;
const NFULA_PAYLOAD = 9;
const NFULA_PREFIX = 10;

/** How the kernel is to deliver the packets of one group. */
export interface LogSubscription {
  /** 0 to 65535, as in `log group`. */
  readonly group: number;
  /** Bytes of each packet to copy, from the network header on. */
  readonly copyRange: number;
  readonly sequence: number;
}

/**
 * Binds a group to the socket that sends this, acknowledged. The kernel delivers every packet at once: its queue
 * holds one, where by default it would wait a second for more (nfnetlink_log.c).
 */
export function encodeLogSubscription({ group, copyRange, sequence }: LogSubscription): Buffer {
  const writer = new MessageWriter(128);
  const type = netfilterType(NFNL_SUBSYS_ULOG, NFULNL_MSG_CONFIG);
  const flags = NLM_F_REQUEST | NLM_F_ACK;
  beginNetfilter(writer, { type, flags, sequence, family: NFPROTO_UNSPEC, resource: group });
  writer.u8(NFULA_CFG_CMD, NFULNL_CFG_CMD_BIND);
  writer.attribute(NFULA_CFG_MODE, copyMode(copyRange));
  // The kernel takes this much memory for every message, or what the message needs if that is more.
  writer.u32BE(NFULA_CFG_NLBUFSIZ, 256);
  // In 1/100 s. It only matters if a queue of one could fail to be flushed.
  writer.u32BE(NFULA_CFG_TIMEOUT, 1);
  writer.u32BE(NFULA_CFG_QTHRESH, 1);
  writer.end();
  return writer.finish();
}

/** struct nfulnl_msg_config_mode: copy range in network order, mode, padding. */
function copyMode(range: number): Uint8Array {
  const mode = Buffer.alloc(6);
  mode.writeUInt32BE(range, 0);
  mode.writeUInt8(NFULNL_COPY_PACKET, 4);
  return mode;
}

/** What `log group` sent about one packet. */
export interface RawLoggedPacket {
  readonly group: number;
  readonly prefix: string;
  /** 0 when the packet has none. */
  readonly mark: number;
  readonly payload: Buffer;
}

/** Undefined for a message that is no logged packet. Throws `netlink-malformed`. */
export function parseLoggedPacket(message: NetlinkMessage): RawLoggedPacket | undefined {
  if (message.type !== netfilterType(NFNL_SUBSYS_ULOG, NFULNL_MSG_PACKET)) return undefined;
  const { resource, attributes } = parseNetfilter(message);
  return {
    group: resource,
    prefix: attributes.string(NFULA_PREFIX) ?? '',
    mark: attributes.u32BE(NFULA_MARK) ?? 0,
    payload: attributes.bytes(NFULA_PAYLOAD) ?? Buffer.alloc(0),
  };
}
