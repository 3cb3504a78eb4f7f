import { addressBytes, addressFromBytes, formatAddress, parseAddress } from '../../lib/address.ts';
import { internetChecksum } from '../checksum.ts';
import { formatMac, macBytes } from './frame.ts';

/** Every node of the link. */
export const allNodes = 'ff02::1';
/** The source of a solicitation that looks for a duplicate (RFC 4862), which asks without saying who does. */
export const unspecified = '::';

/** A neighbour solicitation or advertisement with the IPv6 header around it (RFC 4861). */
export interface NeighbourMessage {
  readonly kind: 'solicitation' | 'advertisement';
  readonly source: string;
  readonly destination: string;
  /** Whose link-layer address it is about. */
  readonly target: string;
  /** Link-layer address option: the source's in a solicitation, the target's in an advertisement. */
  readonly mac?: string;
  /** Of an advertisement: it answers somebody, and what was known before no longer holds. */
  readonly isSolicited?: boolean;
  readonly isOverriding?: boolean;
}

const ipv6Size = 40;
const messageSize = 24;
const optionSize = 8;
const icmpv6 = 58;
/** Who forwarded it would have lowered it: it comes from the link itself. */
const hopLimit = 255;
const types = { solicitation: 135, advertisement: 136 } as const;
const optionTypes = { solicitation: 1, advertisement: 2 } as const;
const solicitedFlag = 0x40;
const overrideFlag = 0x20;

/**
 *      0 IPv6 header[40]: 4 payload length u16 | 6 next header | 7 hop limit | 8 source[16] | 24 destination[16]
 *     40 type u8 | 41 code u8 | 42 checksum u16 | 44 flags u8, zero[3] | 48 target[16]
 *     64 option: type u8 | length u8 in units of eight bytes | MAC[6]
 */
export function encodeNeighbourMessage(message: NeighbourMessage): Uint8Array {
  const length = messageSize + (message.mac === undefined ? 0 : optionSize);
  const bytes = Buffer.alloc(ipv6Size + length);
  bytes[0] = 6 << 4;
  bytes.writeUInt16BE(length, 4);
  bytes[6] = icmpv6;
  bytes[7] = hopLimit;
  bytes.set(ipv6Bytes(message.source), 8);
  bytes.set(ipv6Bytes(message.destination), 24);
  bytes[40] = types[message.kind];
  bytes[44] =
    (message.isSolicited === true ? solicitedFlag : 0) | (message.isOverriding === true ? overrideFlag : 0);
  bytes.set(ipv6Bytes(message.target), 48);
  if (message.mac !== undefined) {
    bytes.set([optionTypes[message.kind], 1], 64);
    bytes.set(macBytes(message.mac), 66);
  }
  bytes.writeUInt16BE(checksumOf(bytes), 42);
  return bytes;
}

/** Undefined for any other packet, and for one that is cut short, was forwarded or does not add up. */
export function decodeNeighbourMessage(frame: Uint8Array): NeighbourMessage | undefined {
  if (frame.length < ipv6Size + messageSize) return undefined;
  const view = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  const length = view.readUInt16BE(4);
  if (view.readUInt8(6) !== icmpv6 || view.readUInt8(7) !== hopLimit) return undefined;
  if (length < messageSize || frame.length < ipv6Size + length) return undefined;
  // Short frames come padded.
  const bytes = view.subarray(0, ipv6Size + length);
  const kind = kindOf(bytes.readUInt8(40));
  if (kind === undefined || bytes.readUInt8(41) !== 0 || checksumOf(bytes) !== 0) return undefined;
  const flags = bytes.readUInt8(44);
  const mac = macOption(bytes.subarray(ipv6Size + messageSize), optionTypes[kind]);
  return {
    kind,
    source: ipv6Text(bytes.subarray(8, 24)),
    destination: ipv6Text(bytes.subarray(24, 40)),
    target: ipv6Text(bytes.subarray(48, 64)),
    ...(mac !== undefined && { mac }),
    ...(kind === 'advertisement' && {
      isSolicited: (flags & solicitedFlag) !== 0,
      isOverriding: (flags & overrideFlag) !== 0,
    }),
  };
}

function kindOf(type: number): NeighbourMessage['kind'] | undefined {
  if (type === types.solicitation) return 'solicitation';
  return type === types.advertisement ? 'advertisement' : undefined;
}

/** The multicast address on which the holder of an address is asked for (RFC 4291 section 2.7.1). */
export function solicitedNode(address: string): string {
  const low = (parseAddress(address)?.value ?? 0n) & 0xff_ffffn;
  const value = (0xff02n << 112n) | (0x1_ffn << 24n) | low;
  return formatAddress({ family: 'IPv6', value });
}

/** The link-layer address to which a multicast address is sent (RFC 2464 section 7). */
export function multicastMac(address: string): string {
  const low = (parseAddress(address)?.value ?? 0n) & 0xffff_ffffn;
  const octets = [24n, 16n, 8n, 0n].map((shift) => Number((low >> shift) & 255n));
  return formatMac(Uint8Array.from([0x33, 0x33, ...octets]));
}

/** The first option of this type with an Ethernet address. An option of length 0 ends the reading. */
function macOption(options: Buffer, type: number): string | undefined {
  for (let at = 0; at + optionSize <= options.length;) {
    const length = options.readUInt8(at + 1) * 8;
    if (length === 0) return undefined;
    if (options.readUInt8(at) === type && length === optionSize)
      return formatMac(options.subarray(at + 2, at + optionSize));
    at += length;
  }
  return undefined;
}

/** Over the pseudo-header and the message, its checksum included: 0 for one that is right (RFC 8200 section 8.1). */
function checksumOf(packet: Buffer): number {
  return internetChecksum(packet.subarray(8), packet.length - ipv6Size + icmpv6);
}

function ipv6Bytes(text: string): Uint8Array {
  const address = parseAddress(text);
  if (address?.family !== 'IPv6') throw new RangeError(`${text} is not an IPv6 address`);
  return addressBytes(address);
}

function ipv6Text(bytes: Uint8Array): string {
  const address = addressFromBytes(bytes);
  return address === undefined ? unspecified : formatAddress(address);
}
