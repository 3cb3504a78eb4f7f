import { addressBytes, addressFromBytes, formatAddress, parseAddress } from '../lib/address.ts';

/** The four bytes of an IPv4 address. Throws RangeError for what is none. */
export function ipv4Bytes(text: string): Uint8Array {
  const address = parseAddress(text);
  if (address?.family !== 'IPv4') throw new RangeError(`${text} is not an IPv4 address`);
  return addressBytes(address);
}

/** Undefined for other than four bytes. */
export function ipv4Text(bytes: Uint8Array | undefined): string | undefined {
  const address = bytes?.length === 4 ? addressFromBytes(bytes) : undefined;
  return address === undefined ? undefined : formatAddress(address);
}
