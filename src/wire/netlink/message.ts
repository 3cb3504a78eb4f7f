import { parseAttributes } from './attributes.ts';
import { align4, asBuffer, malformed } from './bytes.ts';

/*
 * struct nlmsghdr (linux/netlink.h). Netlink numbers are in host byte order; Weft's machines, x86-64 and arm64,
 * are little-endian.
 *
 *    0               4       6       8               12              16
 *   +---------------+-------+-------+---------------+---------------+- - -
 *   | length        | type  | flags | sequence      | port id       | payload, padded to 4
 *   +---------------+-------+-------+---------------+---------------+- - -
 */
export const messageHeaderSize = 16;

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;

export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
/** The table changed while it was dumped: what was read may be inconsistent. */
export const NLM_F_DUMP_INTR = 0x10;
/** Of GET requests: everything. */
export const NLM_F_DUMP = 0x300;
/** Of NEW requests. */
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;
/** Of error messages: only the header of the request is repeated; attributes follow. */
export const NLM_F_CAPPED = 0x100;
export const NLM_F_ACK_TLVS = 0x200;

const NLMSGERR_ATTR_MSG = 1;

/** One netlink message; `payload` is everything behind the header, without the padding at its end. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly portId: number;
  readonly payload: Buffer;
}

/** Splits a datagram into its messages. Throws `netlink-malformed` when a length does not fit. */
export function parseMessages(datagram: Uint8Array): NetlinkMessage[] {
  const bytes = asBuffer(datagram);
  const messages: NetlinkMessage[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const length = bytes.length - offset >= messageHeaderSize ? bytes.readUInt32LE(offset) : 0;
    if (length < messageHeaderSize || length > bytes.length - offset) {
      throw malformed(`message of ${length} bytes at ${offset} of ${bytes.length}`);
    }
    messages.push({
      type: bytes.readUInt16LE(offset + 4),
      flags: bytes.readUInt16LE(offset + 6),
      sequence: bytes.readUInt32LE(offset + 8),
      portId: bytes.readUInt32LE(offset + 12),
      payload: bytes.subarray(offset + messageHeaderSize, offset + length),
    });
    offset += align4(length);
  }
  return messages;
}

/** The kernel's answer to one request. */
export interface Acknowledgement {
  /** Positive errno; 0 for success. */
  readonly errno: number;
  /** The extended-ack text; empty when the kernel gave none. */
  readonly text: string;
}

/**
 * Reads NLMSG_ERROR (errno, the request, attributes) or NLMSG_DONE (errno, attributes); undefined for any other
 * type. Extended-ack attributes come when the socket has NETLINK_EXT_ACK set. Throws `netlink-malformed`.
 */
export function parseAcknowledgement(message: NetlinkMessage): Acknowledgement | undefined {
  if (message.type !== NLMSG_ERROR && message.type !== NLMSG_DONE) return undefined;
  const { payload } = message;
  if (payload.length < 4) {
    // The end of a dump may come without a status.
    if (message.type === NLMSG_DONE) return { errno: 0, text: '' };
    throw malformed('error message without errno');
  }
  return { errno: Math.abs(payload.readInt32LE(0)), text: extendedAck(message) };
}

function extendedAck(message: NetlinkMessage): string {
  if ((message.flags & NLM_F_ACK_TLVS) === 0) return '';
  const start = message.type === NLMSG_DONE ? 4 : 4 + repeatedRequestLength(message);
  if (start > message.payload.length) throw malformed('extended acknowledgement beyond its message');
  return parseAttributes(message.payload.subarray(start)).string(NLMSGERR_ATTR_MSG) ?? '';
}

function repeatedRequestLength({ flags, payload }: NetlinkMessage): number {
  if (payload.length < 4 + messageHeaderSize) throw malformed('error message without its request');
  return (flags & NLM_F_CAPPED) !== 0 ? messageHeaderSize : align4(payload.readUInt32LE(4));
}
