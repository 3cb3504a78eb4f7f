import { addressBytes, addressFromBytes, type Address } from '../../lib/address.ts';
import type { Attributes } from './attributes.ts';
import { parseAttributes } from './attributes.ts';
import { malformed } from './bytes.ts';
import type { NetlinkMessage } from './message.ts';
import { NLM_F_DUMP, NLM_F_REQUEST } from './message.ts';
import { acknowledged, createOnly } from './request.ts';
import type { MessageWriter } from './writer.ts';

const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTM_SETLINK = 19;

/*
 * struct ifinfomsg (linux/rtnetlink.h)
 *    0      1     2      4               8               12              16
 *   +------+-----+------+---------------+---------------+---------------+
 *   |family| pad | type | index         | flags         | change mask   |
 *   +------+-----+------+---------------+---------------+---------------+
 */
const headerSize = 16;
const IFF_UP = 1;

const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINK = 5;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const IFLA_NET_NS_FD = 28;
const IFLA_EXT_MASK = 29;
const RTEXT_FILTER_SKIP_STATS = 8;

const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const VETH_INFO_PEER = 1;

const IFLA_VXLAN_ID = 1;
const IFLA_VXLAN_LINK = 3;
const IFLA_VXLAN_LOCAL = 4;
const IFLA_VXLAN_TTL = 5;
const IFLA_VXLAN_LEARNING = 7;
const IFLA_VXLAN_PORT = 15;
const IFLA_VXLAN_LOCAL6 = 17;

// The hop limit of the outer header: the default of net.ipv4.ip_default_ttl.
const vxlanTtl = 64;

/** Attributes every kind of link has. */
export interface LinkAttributes {
  readonly name: string;
  /** 6 bytes; the kernel chooses when absent. */
  readonly mac?: Uint8Array;
  /** Bytes. */
  readonly mtu?: number;
}

interface VxlanAttributes {
  readonly vni: number;
  /** UDP port. */
  readonly port: number;
  readonly local: Address;
  /** Index of the link that carries it. */
  readonly device: number;
}

/** What makes one kind differ from another. */
export type LinkInfo =
  | { readonly kind: 'bridge' }
  | ({ readonly kind: 'vxlan' } & VxlanAttributes)
  /** `namespaceFd` is a descriptor of the sending process, open on the namespace the peer is made in. */
  | { readonly kind: 'veth'; readonly peer: LinkAttributes & { readonly namespaceFd: number } };

export interface NewLink extends LinkAttributes {
  /** Index of the bridge it becomes a port of. */
  readonly master?: number;
  readonly info: LinkInfo;
}

/**
 * Makes a link and sets it up; of a veth only this end, because the other one cannot be up (ENOTCONN from veth.c)
 * before it knows its peer. EEXIST when the name is taken, at either end.
 */
export function writeNewLink(writer: MessageWriter, sequence: number, link: NewLink): void {
  writer.begin({ type: RTM_NEWLINK, flags: createOnly, sequence });
  writer.bytes(header({ up: true }));
  writeAttributes(writer, link);
  if (link.master !== undefined) writer.u32(IFLA_MASTER, link.master);
  writer.nested(IFLA_LINKINFO, () => {
    writer.string(IFLA_INFO_KIND, link.info.kind);
    writeInfo(writer, link.info);
  });
  writer.end();
}

function writeInfo(writer: MessageWriter, info: LinkInfo): void {
  if (info.kind === 'veth') {
    writer.nested(IFLA_INFO_DATA, () => writer.nested(VETH_INFO_PEER, () => writePeer(writer, info.peer)));
  } else if (info.kind === 'vxlan') {
    writer.nested(IFLA_INFO_DATA, () => writeVxlan(writer, info));
  }
}

function writePeer(writer: MessageWriter, peer: LinkAttributes & { namespaceFd: number }): void {
  writer.bytes(header({}));
  writeAttributes(writer, peer);
  writer.u32(IFLA_NET_NS_FD, peer.namespaceFd);
}

function writeVxlan(writer: MessageWriter, vxlan: VxlanAttributes): void {
  writer.u32(IFLA_VXLAN_ID, vxlan.vni);
  writer.u32(IFLA_VXLAN_LINK, vxlan.device);
  const local = vxlan.local.family === 'IPv4' ? IFLA_VXLAN_LOCAL : IFLA_VXLAN_LOCAL6;
  writer.attribute(local, addressBytes(vxlan.local));
  writer.u16BE(IFLA_VXLAN_PORT, vxlan.port);
  writer.u8(IFLA_VXLAN_TTL, vxlanTtl);
  // Forwarding entries are written by the plan, never learned from packets.
  writer.u8(IFLA_VXLAN_LEARNING, 0);
}

function writeAttributes(writer: MessageWriter, { name, mac, mtu }: LinkAttributes): void {
  writer.string(IFLA_IFNAME, name);
  if (mac !== undefined) writer.attribute(IFLA_ADDRESS, mac);
  if (mtu !== undefined) writer.u32(IFLA_MTU, mtu);
}

/**
 * Changes what is given of an existing link, found by its name, and sets it up. Master 0: a port of no bridge.
 * ENODEV when there is none.
 */
export function writeSetLink(
  writer: MessageWriter,
  sequence: number,
  link: LinkAttributes & { readonly master?: number },
): void {
  writer.begin({ type: RTM_SETLINK, flags: acknowledged, sequence });
  writer.bytes(header({ up: true }));
  writeAttributes(writer, link);
  if (link.master !== undefined) writer.u32(IFLA_MASTER, link.master);
  writer.end();
}

/** Deletes a link by name; of a veth, both ends. ENODEV. */
export function writeDeleteLink(writer: MessageWriter, sequence: number, name: string): void {
  writer.begin({ type: RTM_DELLINK, flags: acknowledged, sequence });
  writer.bytes(header({}));
  writer.string(IFLA_IFNAME, name);
  writer.end();
}

/** Asks for one link by name: answered by the link and an acknowledgement, or by ENODEV. */
export function writeGetLink(writer: MessageWriter, sequence: number, name: string): void {
  writer.begin({ type: RTM_GETLINK, flags: acknowledged, sequence });
  writer.bytes(header({}));
  writer.u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  writer.string(IFLA_IFNAME, name);
  writer.end();
}

/** Asks for all links. */
export function writeGetLinks(writer: MessageWriter, sequence: number): void {
  writer.begin({ type: RTM_GETLINK, flags: NLM_F_REQUEST | NLM_F_DUMP, sequence });
  writer.bytes(header({}));
  writer.u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  writer.end();
}

function header({ up = false }: { up?: boolean }): Uint8Array {
  const bytes = Buffer.alloc(headerSize);
  if (up) {
    bytes.writeUInt32LE(IFF_UP, 8);
    bytes.writeUInt32LE(IFF_UP, 12);
  }
  return bytes;
}

/** A link as the kernel reports it. */
export interface LinkReport {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  /** As the kernel names it: `veth`, `bridge`, `vxlan`; undefined for lo and hardware. */
  readonly kind: string | undefined;
  readonly mac: Uint8Array | undefined;
  readonly mtu: number | undefined;
  readonly master: number | undefined;
  /** Of a veth: the index of its other end, which may be another namespace's. */
  readonly peer: number | undefined;
  /** Of a VXLAN device with a local address. */
  readonly vxlan: VxlanAttributes | undefined;
}

/** Reads RTM_NEWLINK; undefined for any other message. Throws `netlink-malformed`. */
export function readLink(message: NetlinkMessage): LinkReport | undefined {
  if (message.type !== RTM_NEWLINK) return undefined;
  const { payload } = message;
  if (payload.length < headerSize) throw malformed('link without its header');
  const attributes = parseAttributes(payload.subarray(headerSize));
  const name = attributes.string(IFLA_IFNAME);
  if (name === undefined) throw malformed('link without a name');
  const info = attributes.nested(IFLA_LINKINFO);
  const kind = info?.string(IFLA_INFO_KIND);
  const data = kind === 'vxlan' ? info?.nested(IFLA_INFO_DATA) : undefined;
  return {
    index: payload.readInt32LE(4),
    name,
    up: (payload.readUInt32LE(8) & IFF_UP) !== 0,
    kind,
    mac: attributes.bytes(IFLA_ADDRESS),
    mtu: attributes.u32(IFLA_MTU),
    master: attributes.u32(IFLA_MASTER),
    peer: kind === 'veth' ? attributes.u32(IFLA_LINK) : undefined,
    vxlan: data === undefined ? undefined : readVxlan(data),
  };
}

function readVxlan(data: Attributes): VxlanAttributes | undefined {
  const bytes = data.bytes(IFLA_VXLAN_LOCAL) ?? data.bytes(IFLA_VXLAN_LOCAL6);
  const local = bytes === undefined ? undefined : addressFromBytes(bytes);
  if (local === undefined) return undefined;
  return {
    vni: data.u32(IFLA_VXLAN_ID) ?? 0,
    port: data.u16BE(IFLA_VXLAN_PORT) ?? 0,
    local,
    device: data.u32(IFLA_VXLAN_LINK) ?? 0,
  };
}
