import { addressBytes, addressFromBytes, type Address } from '../../lib/address.ts';
import { parseAttributes } from './attributes.ts';
import { malformed } from './bytes.ts';
import { addressFamily } from './family.ts';
import type { NetlinkMessage } from './message.ts';
import { NLM_F_DUMP, NLM_F_REQUEST } from './message.ts';
import { acknowledged, createOrReplace } from './request.ts';
import type { MessageWriter } from './writer.ts';

const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_GETADDR = 22;

/*
 * struct ifaddrmsg (linux/if_addr.h)
 *    0       1       2       3       4               8
 *   +-------+-------+-------+-------+---------------+
 *   | family| length| flags | scope | link index    |
 *   +-------+-------+-------+-------+---------------+
 */
const headerSize = 8;

const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_PROTO = 11;
const IFA_F_NODAD = 2;
const RT_SCOPE_HOST = 254;

/** IFAPROT_KERNEL_LO, _RA and _LL: loopback, router advertisement, link-local. */
const kernelProtocols = [1, 2, 3];

/** An address of a link, by index. */
export interface InterfaceAddress {
  readonly index: number;
  readonly address: Address;
  /** Prefix length in bits. */
  readonly length: number;
}

/**
 * Gives a link an address, replacing the same one. IPv6 without duplicate address detection: who assigns
 * addresses here knows that they are unique, and detection keeps an address unusable for a second.
 */
export function writeNewAddress(writer: MessageWriter, sequence: number, address: InterfaceAddress): void {
  write(writer, { type: RTM_NEWADDR, flags: createOrReplace, sequence }, address);
}

/** Takes an address away. EADDRNOTAVAIL when the link does not have it. */
export function writeDeleteAddress(writer: MessageWriter, sequence: number, address: InterfaceAddress): void {
  write(writer, { type: RTM_DELADDR, flags: acknowledged, sequence }, address);
}

/** Asks for all addresses of both families. */
export function writeGetAddresses(writer: MessageWriter, sequence: number): void {
  writer.begin({ type: RTM_GETADDR, flags: NLM_F_REQUEST | NLM_F_DUMP, sequence });
  writer.bytes(new Uint8Array(headerSize));
  writer.end();
}

function write(
  writer: MessageWriter,
  start: { type: number; flags: number; sequence: number },
  { index, address, length }: InterfaceAddress,
): void {
  const bytes = addressBytes(address);
  const header = Buffer.alloc(headerSize);
  header.writeUInt8(addressFamily[address.family], 0);
  header.writeUInt8(length, 1);
  if (address.family === 'IPv6') header.writeUInt8(IFA_F_NODAD, 2);
  else if (bytes[0] === 127) header.writeUInt8(RT_SCOPE_HOST, 3);
  header.writeUInt32LE(index, 4);
  writer.begin(start);
  writer.bytes(header);
  writer.attribute(IFA_LOCAL, bytes);
  writer.attribute(IFA_ADDRESS, bytes);
  writer.end();
}

/** `automatic`: the kernel made it by itself (loopback, link-local, router advertisement). */
export interface AddressReport extends InterfaceAddress {
  readonly automatic: boolean;
}

/** Reads RTM_NEWADDR; undefined for any other message. Throws `netlink-malformed`. */
export function readAddress(message: NetlinkMessage): AddressReport | undefined {
  if (message.type !== RTM_NEWADDR) return undefined;
  const { payload } = message;
  if (payload.length < headerSize) throw malformed('address without its header');
  const attributes = parseAttributes(payload.subarray(headerSize));
  // IFA_LOCAL differs from IFA_ADDRESS on point-to-point links only; IPv6 has just IFA_ADDRESS there.
  const bytes = attributes.bytes(IFA_LOCAL) ?? attributes.bytes(IFA_ADDRESS);
  const address = bytes === undefined ? undefined : addressFromBytes(bytes);
  if (address === undefined) throw malformed('address without an address');
  const automatic = kernelProtocols.includes(attributes.u8(IFA_PROTO) ?? 0);
  return { index: payload.readUInt32LE(4), address, length: payload.readUInt8(1), automatic };
}
