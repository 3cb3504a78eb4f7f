import { addressBytes, addressFromBytes, formatAddress, parseAddress } from '../../lib/address.ts';
import { NLA_F_NESTED, parseAttributes, type Attributes } from '../netlink/attributes.ts';
import { malformed } from '../netlink/bytes.ts';
import { NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, type NetlinkMessage } from '../netlink/message.ts';
import { MessageWriter } from '../netlink/writer.ts';
import {
  beginNetfilter,
  netfilterType,
  NFNL_SUBSYS_CTNETLINK,
  NFPROTO_IPV4,
  NFPROTO_IPV6,
  NFPROTO_UNSPEC,
  parseNetfilter,
} from './header.ts';

// linux/netfilter/nfnetlink_conntrack.h
const IPCTNL_MSG_CT_NEW = 0;
const IPCTNL_MSG_CT_GET = 1;
const IPCTNL_MSG_CT_DELETE = 2;
const IPCTNL_MSG_CT_GET_STATS = 5;
const CTA_STATS_GLOBAL_ENTRIES = 1;
const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_STATUS = 3;
const CTA_MARK = 8;
const CTA_ID = 12;
const CTA_MARK_MASK = 21;
const CTA_TUPLE_IP = 1;
const CTA_TUPLE_PROTO = 2;
const CTA_IP_V4_SRC = 1;
const CTA_IP_V4_DST = 2;
const CTA_IP_V6_SRC = 3;
const CTA_IP_V6_DST = 4;
const CTA_PROTO_NUM = 1;
const CTA_PROTO_SRC_PORT = 2;
const CTA_PROTO_DST_PORT = 3;
/** Types of (identifier, type, code) of ICMP and of ICMPv6. */
const icmpAttributes = { 1: [4, 5, 6], 58: [7, 8, 9] } as const;

/** One direction of an entry. Ports are 0 where the protocol has none. */
export interface RawTuple {
  readonly source: string;
  readonly destination: string;
  /** Number of the transport protocol. */
  readonly protocol: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** ICMP and ICMPv6: what stands for ports. */
  readonly icmp?: IcmpKey;
}

interface IcmpKey {
  readonly identifier: number;
  readonly type: number;
  readonly code: number;
}

export interface RawConntrackEntry {
  readonly original: RawTuple;
  readonly reply: RawTuple;
  readonly mark: number;
  readonly status: number;
  readonly id: number;
  /** The original tuple as it came, for requests about the entry. */
  readonly target: Uint8Array;
}

/**
 * Names an entry: by its original tuple, made out or as it came, and, when it is deleted, by its id, so that no successor is
 * meant.
 */
export interface ConntrackTarget {
  readonly original: RawTuple | Uint8Array;
  readonly id?: number;
  readonly sequence: number;
  /** The kernel says nothing of a request that it carried out, only of one that it refused. */
  readonly isSilent?: boolean;
}

/** Asks for all entries of a family (NFPROTO_*). */
export function encodeConntrackDump(family: number, sequence: number): Buffer {
  const writer = new MessageWriter(64);
  const type = netfilterType(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET);
  beginNetfilter(writer, { type, flags: NLM_F_REQUEST | NLM_F_DUMP, sequence, family });
  writer.end();
  return writer.finish();
}

/** Asks how many entries the namespace has, of all families. */
export function encodeConntrackCount(sequence: number): Buffer {
  const writer = new MessageWriter(64);
  const type = netfilterType(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET_STATS);
  beginNetfilter(writer, { type, flags: NLM_F_REQUEST, sequence, family: NFPROTO_UNSPEC });
  writer.end();
  return writer.finish();
}

/** The answer to it; undefined when the message is something else. Throws `netlink-malformed`. */
export function parseConntrackCount(message: NetlinkMessage): number | undefined {
  if (message.type !== netfilterType(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET_STATS)) return undefined;
  return parseNetfilter(message).attributes.u32BE(CTA_STATS_GLOBAL_ENTRIES);
}

/**
 * Sets the bits of `mask` in an existing entry's mark to those of `value`, which has no others; ENOENT when there
 * is no entry.
 */
export function encodeMarkChange(target: ConntrackTarget, mark: { value: number; mask: number }): Buffer {
  const writer = new MessageWriter(256);
  begin(writer, IPCTNL_MSG_CT_NEW, target);
  writer.u32BE(CTA_MARK, mark.value);
  writer.u32BE(CTA_MARK_MASK, mark.mask);
  writer.end();
  return writer.finish();
}

/** Deletes an entry; ENOENT when there is none. */
export function encodeConntrackDelete(target: ConntrackTarget): Buffer {
  const writer = new MessageWriter(256);
  begin(writer, IPCTNL_MSG_CT_DELETE, target);
  if (target.id !== undefined) writer.u32BE(CTA_ID, target.id);
  writer.end();
  return writer.finish();
}

function begin(
  writer: MessageWriter,
  message: number,
  { original, sequence, isSilent }: ConntrackTarget,
): void {
  const type = netfilterType(NFNL_SUBSYS_CTNETLINK, message);
  const isAsItCame = original instanceof Uint8Array;
  const isSix = isAsItCame ? isTupleOfSix(original) : original.source.includes(':');
  const family = isSix ? NFPROTO_IPV6 : NFPROTO_IPV4;
  const flags = isSilent === true ? NLM_F_REQUEST : NLM_F_REQUEST | NLM_F_ACK;
  beginNetfilter(writer, { type, flags, sequence, family });
  if (isAsItCame) writer.attribute(CTA_TUPLE_ORIG | NLA_F_NESTED, original);
  else writer.nested(CTA_TUPLE_ORIG, () => writeTuple(writer, original));
}

function writeTuple(writer: MessageWriter, tuple: RawTuple): void {
  const six = tuple.source.includes(':');
  writer.nested(CTA_TUPLE_IP, () => {
    writer.attribute(six ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, bytesOf(tuple.source));
    writer.attribute(six ? CTA_IP_V6_DST : CTA_IP_V4_DST, bytesOf(tuple.destination));
  });
  writer.nested(CTA_TUPLE_PROTO, () => {
    writer.u8(CTA_PROTO_NUM, tuple.protocol);
    const icmp = icmpAttributesOf(tuple.protocol);
    if (icmp === undefined) {
      writer.u16BE(CTA_PROTO_SRC_PORT, tuple.sourcePort);
      writer.u16BE(CTA_PROTO_DST_PORT, tuple.destinationPort);
    } else if (tuple.icmp !== undefined) {
      writer.u16BE(icmp[0], tuple.icmp.identifier);
      writer.u8(icmp[1], tuple.icmp.type);
      writer.u8(icmp[2], tuple.icmp.code);
    }
  });
}

function bytesOf(text: string): Uint8Array {
  const address = parseAddress(text);
  if (address === undefined) throw malformed(`${JSON.stringify(text)} is no address`);
  return addressBytes(address);
}

function icmpAttributesOf(protocol: number): readonly [number, number, number] | undefined {
  return protocol === 1 || protocol === 58 ? icmpAttributes[protocol] : undefined;
}

function isTupleOfSix(tuple: Uint8Array): boolean {
  return parseAttributes(tuple).nested(CTA_TUPLE_IP)?.bytes(CTA_IP_V6_SRC) !== undefined;
}

/** One entry of a dump. Throws `netlink-malformed`. */
export function parseConntrackEntry(message: NetlinkMessage): RawConntrackEntry {
  const { attributes } = parseNetfilter(message);
  return {
    target: attributes.bytes(CTA_TUPLE_ORIG) ?? new Uint8Array(),
    original: parseTuple(attributes.nested(CTA_TUPLE_ORIG)),
    reply: parseTuple(attributes.nested(CTA_TUPLE_REPLY)),
    mark: attributes.u32BE(CTA_MARK) ?? 0,
    status: attributes.u32BE(CTA_STATUS) ?? 0,
    id: attributes.u32BE(CTA_ID) ?? 0,
  };
}

function parseTuple(tuple: Attributes | undefined): RawTuple {
  const ip = tuple?.nested(CTA_TUPLE_IP);
  const proto = tuple?.nested(CTA_TUPLE_PROTO);
  const protocol = proto?.u8(CTA_PROTO_NUM);
  if (ip === undefined || proto === undefined || protocol === undefined)
    throw malformed('tuple without protocol');
  const icmp = parseIcmp(proto, icmpAttributesOf(protocol));
  return {
    source: textOf(ip.bytes(CTA_IP_V4_SRC) ?? ip.bytes(CTA_IP_V6_SRC)),
    destination: textOf(ip.bytes(CTA_IP_V4_DST) ?? ip.bytes(CTA_IP_V6_DST)),
    protocol,
    sourcePort: proto.u16BE(CTA_PROTO_SRC_PORT) ?? 0,
    destinationPort: proto.u16BE(CTA_PROTO_DST_PORT) ?? 0,
    ...(icmp !== undefined && { icmp }),
  };
}

function parseIcmp(
  proto: Attributes,
  types: readonly [number, number, number] | undefined,
): IcmpKey | undefined {
  if (types === undefined) return undefined;
  return {
    identifier: proto.u16BE(types[0]) ?? 0,
    type: proto.u8(types[1]) ?? 0,
    code: proto.u8(types[2]) ?? 0,
  };
}

function textOf(bytes: Uint8Array | undefined): string {
  // Tables have many thousands of entries with four addresses each.
  if (bytes?.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  const address = bytes === undefined ? undefined : addressFromBytes(bytes);
  if (address === undefined) throw malformed('tuple without addresses');
  return formatAddress(address);
}
