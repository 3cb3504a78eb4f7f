import { addressBytes, addressFromBytes, formatAddress, type Address } from '../../lib/address.ts';
import { SOL_IP, SOL_IPV6 } from '../libc-constants.ts';

export const IP_PKTINFO = 8;
export const IPV6_RECVPKTINFO = 49;
const IPV6_PKTINFO = 50;

/*
 * A control message (see error-queue.ts for its header) that says which address a datagram was sent to, and from which one an
 * answer is to go; host byte order:
 *   struct in_pktinfo   (linux/in.h)    0 ifindex i32 | 4 local address[4] | 8 address of the header[4]     12 bytes
 *   struct in6_pktinfo  (linux/ipv6.h)  0 address[16] | 16 ifindex i32                                      20 bytes
 */
const headerSize = 16;
const layout = {
  IPv4: { level: SOL_IP, type: IP_PKTINFO, size: 12, sentTo: 8, answersFrom: 4, bytes: 4 },
  IPv6: { level: SOL_IPV6, type: IPV6_PKTINFO, size: 20, sentTo: 0, answersFrom: 0, bytes: 16 },
} as const;

/** Bytes that hold the message of either family. */
export const packetInfoRoom = 40;

/** The address that a datagram was sent to; undefined where nothing says it, also in malformed bytes. */
export function decodePacketInfo(control: Uint8Array): string | undefined {
  const view = Buffer.from(control.buffer, control.byteOffset, control.byteLength);
  if (view.length < headerSize) return undefined;
  const length = Number(view.readBigUInt64LE(0));
  const [level, type] = [view.readInt32LE(8), view.readInt32LE(12)];
  const found = Object.values(layout).find((one) => one.level === level && one.type === type);
  if (found === undefined || length !== headerSize + found.size || length > view.length) return undefined;
  const at = headerSize + found.sentTo;
  const address = addressFromBytes(view.subarray(at, at + found.bytes));
  return address && formatAddress(address);
}

/** Has a datagram leave from this address, by whichever interface. */
export function encodePacketInfo(address: Address): Uint8Array {
  const { level, type, size, answersFrom } = layout[address.family];
  const bytes = Buffer.alloc(Math.ceil((headerSize + size) / 8) * 8);
  bytes.writeBigUInt64LE(BigInt(headerSize + size), 0);
  bytes.writeInt32LE(level, 8);
  bytes.writeInt32LE(type, 12);
  bytes.set(addressBytes(address), headerSize + answersFrom);
  return bytes;
}
