import { parseAttributes, type Attributes } from '../netlink/attributes.ts';
import { malformed } from '../netlink/bytes.ts';
import type { NetlinkMessage } from '../netlink/message.ts';
import type { MessageWriter } from '../netlink/writer.ts';

/*
 * struct nfgenmsg (linux/netfilter/nfnetlink.h), behind the netlink header of every netfilter message:
 *
 *    0        1         2               4
 *   +--------+---------+---------------+- - -
 *   | family | version | resource id   | attributes
 *   +--------+---------+---------------+- - -
 *                       network order
 *
 * The netlink type is the subsystem in the high byte and the subsystem's message in the low one.
 */
export const netfilterHeaderSize = 4;

export const NFNL_SUBSYS_CTNETLINK = 1;
export const NFNL_SUBSYS_ULOG = 4;
export const NFNL_SUBSYS_NFTABLES = 10;

export const NFPROTO_UNSPEC = 0;
export const NFPROTO_INET = 1;
export const NFPROTO_IPV4 = 2;
export const NFPROTO_IPV6 = 10;

/** What goes into a netfilter message before its attributes. */
export interface NetfilterStart {
  /** Subsystem and message: see `netfilterType`. */
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** NFPROTO_*. */
  readonly family: number;
  /** Log group, or subsystem of a batch; 0 elsewhere. */
  readonly resource?: number;
}

/** The netlink type of a subsystem's message. */
export function netfilterType(subsystem: number, message: number): number {
  return (subsystem << 8) | message;
}

/** Begins a message and writes its nfgenmsg; attributes and `end` follow. */
export function beginNetfilter(writer: MessageWriter, start: NetfilterStart): void {
  const resource = start.resource ?? 0;
  writer.begin(start);
  writer.bytes(Uint8Array.of(start.family, 0, resource >> 8, resource & 0xff));
}

/** A netfilter message behind its netlink header. */
export interface NetfilterBody {
  readonly family: number;
  readonly resource: number;
  readonly attributes: Attributes;
}

/** Throws `netlink-malformed` when the payload is no netfilter message. */
export function parseNetfilter({ payload }: NetlinkMessage): NetfilterBody {
  if (payload.length < netfilterHeaderSize) throw malformed(`netfilter message of ${payload.length} bytes`);
  return {
    family: payload.readUInt8(0),
    resource: payload.readUInt16BE(2),
    attributes: parseAttributes(payload.subarray(netfilterHeaderSize)),
  };
}
