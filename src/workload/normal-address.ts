import { formatAddress, parseAddress } from '../lib/address.ts';

/** Canonical text of an address; IPv4 in place of an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2). */
export function normalAddress(text: string): string {
  const zone = text.indexOf('%');
  const address = parseAddress(zone < 0 ? text : text.slice(0, zone));
  if (address === undefined) return text;
  const isMapped = address.family === 'IPv6' && address.value >> 32n === 0xffffn;
  return formatAddress(isMapped ? { family: 'IPv4', value: address.value & 0xffff_ffffn } : address);
}
