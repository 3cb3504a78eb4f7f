import { formatAddress, parseAddress, type Address } from '../../lib/address.ts';

const longestLabel = 63;
/** Of the text without the final dot: 255 bytes on the wire are two more. */
const longestName = 253;

/** Whether the text can be one label of a name: a DNS label, or one of a service record such as `_http`. */
export function isLabel(text: string): boolean {
  return text.length <= longestLabel && /^[a-z0-9_]([-_a-z0-9]*[a-z0-9])?$/i.test(text);
}

/** Whether every label of the name is one, and the whole is not too long. */
export function isName(text: string): boolean {
  return text.length <= longestName && text.split('.').every(isLabel);
}

/** Whether `name` is the zone or below it; both in lower case. */
export function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

/** The name one label up; the root, which is empty, for a single label. */
export function parentOf(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1);
}

/** `10-244-1-7`: an address as a label, for endpoints without a hostname and for pods. */
export function dashedAddress(address: Address): string {
  return formatAddress(address).replaceAll(/[.:]/g, '-');
}

/** `7.1.244.10.in-addr.arpa`, or 32 nibbles under `ip6.arpa` (RFC 3596 section 2.5). */
export function reverseName(address: Address): string {
  if (address.family === 'IPv4')
    return `${formatAddress(address).split('.').toReversed().join('.')}.in-addr.arpa`;
  const nibbles = address.value.toString(16).padStart(32, '0').split('');
  return `${nibbles.toReversed().join('.')}.ip6.arpa`;
}

/** The addresses that parse, canonical and without repetition; others are dropped. */
export function parsedAddresses(texts: Iterable<string | undefined>): Address[] {
  const addresses = new Map<string, Address>();
  for (const text of texts) {
    const address = text === undefined ? undefined : parseAddress(text);
    if (address !== undefined) addresses.set(formatAddress(address), address);
  }
  return [...addresses.values()];
}

/** The record type that holds addresses of this family. */
export function addressType(address: Address): 'A' | 'AAAA' {
  return address.family === 'IPv4' ? 'A' : 'AAAA';
}
