import { addressBytes, addressFromBytes, formatAddress, type Address } from '../../lib/address.ts';
import { AF_INET, AF_INET6 } from '../libc-constants.ts';

/*
 * Host byte order for the family, network byte order for the rest:
 *   struct sockaddr_in   0 family u16 | 2 port u16 | 4 address[4] | 8 zero[8]                        16 bytes
 *   struct sockaddr_in6  0 family u16 | 2 port u16 | 4 flow u32   | 8 address[16] | 24 scope u32     28 bytes
 */
const layout = {
  IPv4: { family: AF_INET, size: 16, at: 4 },
  IPv6: { family: AF_INET6, size: 28, at: 8 },
} as const;

/** Bytes that hold any socket address of either family. */
export const sockaddrRoom = 28;

export function encodeSockaddr(address: Address, port: number): Uint8Array {
  const { family, size, at } = layout[address.family];
  const bytes = Buffer.alloc(size);
  bytes.writeUInt16LE(family, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(addressBytes(address), at);
  return bytes;
}

/** The address in a `struct sockaddr`; undefined for another family or too few bytes. */
export function decodeSockaddr(bytes: Uint8Array): { address: string; port: number } | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < 4) return undefined;
  const known = Object.values(layout).find(({ family }) => family === view.readUInt16LE(0));
  if (known === undefined) return undefined;
  const length = known.family === AF_INET ? 4 : 16;
  const address = addressFromBytes(view.subarray(known.at, known.at + length));
  return address && { address: formatAddress(address), port: view.readUInt16BE(2) };
}
