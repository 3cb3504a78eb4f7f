import { addressBytes, addressFromBytes, type Address } from '../../lib/address.ts';
import { parseAttributes } from './attributes.ts';
import { malformed } from './bytes.ts';
import { addressFamily } from './family.ts';
import { isGroupMac } from './mac.ts';
import type { NetlinkMessage } from './message.ts';
import { NLM_F_APPEND, NLM_F_CREATE, NLM_F_DUMP, NLM_F_REQUEST } from './message.ts';
import { acknowledged, createOrReplace } from './request.ts';
import type { MessageWriter } from './writer.ts';

const RTM_NEWNEIGH = 28;
const RTM_DELNEIGH = 29;
const RTM_GETNEIGH = 30;

/*
 * struct ndmsg (linux/neighbour.h)
 *    0       1       4               8       10      11      12
 *   +-------+-------+---------------+-------+-------+-------+
 *   | family|  pad  | link index    | state | flags | type  |
 *   +-------+-------+---------------+-------+-------+-------+
 */
const headerSize = 12;

const NDA_DST = 1;
const NDA_LLADDR = 2;
const NUD_PERMANENT = 0x80;
const NTF_SELF = 2;
const AF_UNSPEC = 0;
const AF_BRIDGE = 7;

/** A permanent neighbour, or a forwarding entry: at `index`, `address` belongs to `mac`. */
export interface KernelNeighbour {
  readonly index: number;
  readonly address: Address;
  readonly mac: Uint8Array;
}

type Table = 'neighbours' | 'forwarding';

/** Adds a permanent neighbour, in place of what the link knows of that address. */
export function writeNewNeighbour(writer: MessageWriter, sequence: number, entry: KernelNeighbour): void {
  write(writer, { type: RTM_NEWNEIGH, flags: createOrReplace, sequence, table: 'neighbours' }, entry);
}

/** Deletes by address. ENOENT when there is none. */
export function writeDeleteNeighbour(writer: MessageWriter, sequence: number, entry: KernelNeighbour): void {
  write(writer, { type: RTM_DELNEIGH, flags: acknowledged, sequence, table: 'neighbours' }, entry);
}

/**
 * Adds a forwarding entry to a VXLAN device: frames to `mac` go to the VTEP at `address`, no longer elsewhere.
 * Group and all-zero addresses (where frames to unknown ones go) may have many VTEPs: there it adds one more.
 */
export function writeNewForwarding(writer: MessageWriter, sequence: number, entry: KernelNeighbour): void {
  const flags = isGroupMac(entry.mac) ? acknowledged | NLM_F_CREATE | NLM_F_APPEND : createOrReplace;
  write(writer, { type: RTM_NEWNEIGH, flags, sequence, table: 'forwarding' }, entry);
}

/** Deletes the entry of `mac` towards `address`. ENOENT when there is none. */
export function writeDeleteForwarding(writer: MessageWriter, sequence: number, entry: KernelNeighbour): void {
  write(writer, { type: RTM_DELNEIGH, flags: acknowledged, sequence, table: 'forwarding' }, entry);
}

/** Asks for all neighbours of both families, or for all forwarding entries of bridges and VXLAN devices. */
export function writeGetNeighbours(writer: MessageWriter, sequence: number, table: Table): void {
  const header = Buffer.alloc(headerSize);
  header.writeUInt8(table === 'forwarding' ? AF_BRIDGE : AF_UNSPEC, 0);
  writer.begin({ type: RTM_GETNEIGH, flags: NLM_F_REQUEST | NLM_F_DUMP, sequence });
  writer.bytes(header);
  writer.end();
}

function write(
  writer: MessageWriter,
  { table, ...start }: { type: number; flags: number; sequence: number; table: Table },
  { index, address, mac }: KernelNeighbour,
): void {
  const forwarding = table === 'forwarding';
  const header = Buffer.alloc(headerSize);
  header.writeUInt8(forwarding ? AF_BRIDGE : addressFamily[address.family], 0);
  header.writeInt32LE(index, 4);
  header.writeUInt16LE(NUD_PERMANENT, 8);
  header.writeUInt8(forwarding ? NTF_SELF : 0, 10);
  writer.begin(start);
  writer.bytes(header);
  writer.attribute(NDA_DST, addressBytes(address));
  writer.attribute(NDA_LLADDR, mac);
  writer.end();
}

/** A permanent entry as the kernel reports it, and the table it is in. */
export interface NeighbourReport extends KernelNeighbour {
  readonly table: Table;
}

/**
 * Reads RTM_NEWNEIGH. Undefined for any other message, for what is not permanent, and for entries without both
 * addresses (those of bridges have no NDA_DST). Throws `netlink-malformed`.
 */
export function readNeighbour(message: NetlinkMessage): NeighbourReport | undefined {
  if (message.type !== RTM_NEWNEIGH) return undefined;
  const { payload } = message;
  if (payload.length < headerSize) throw malformed('neighbour without its header');
  if ((payload.readUInt16LE(8) & NUD_PERMANENT) === 0) return undefined;
  const attributes = parseAttributes(payload.subarray(headerSize));
  const bytes = attributes.bytes(NDA_DST);
  const address = bytes === undefined ? undefined : addressFromBytes(bytes);
  const mac = attributes.bytes(NDA_LLADDR);
  if (address === undefined || mac?.length !== 6) return undefined;
  const table = payload.readUInt8(0) === AF_BRIDGE ? 'forwarding' : 'neighbours';
  return { index: payload.readInt32LE(4), address, mac, table };
}
