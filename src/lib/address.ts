/** An address family, in the kernel's and Kubernetes' words. */
export type Family = 'IPv4' | 'IPv6';

/** A parsed address: a family and its value as an unsigned integer of 32 or 128 bits. */
export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

/** Both families, in the order in which they are told. */
export const families = ['IPv4', 'IPv6'] as const satisfies readonly Family[];

/** The family that an address or a prefix is written in; says nothing about whether it is valid. */
export function familyOf(text: string): Family {
  return text.includes(':') ? 'IPv6' : 'IPv4';
}

/** The first of these addresses or prefixes that is of the family. */
export function inFamily(texts: readonly string[], family: Family): string | undefined {
  return texts.find((text) => familyOf(text) === family);
}

/** The address as `formatAddress` writes it, so that equal addresses are equal texts; what is none stays. */
export function canonicalAddress(text: string): string {
  const address = parseAddress(text);
  return address === undefined ? text : formatAddress(address);
}

const bits = { IPv4: 32, IPv6: 128 } as const;

/** Number of bits in an address of this family: 32 or 128. */
export function bitsOf(family: Family): number {
  return bits[family];
}

/**
 * Parses an IPv4 address of four decimal octets without leading zeros, or an IPv6 address of RFC 4291
 * section 2.2 (zones are refused). Returns undefined for anything else.
 */
export function parseAddress(text: string): Address | undefined {
  return text.includes(':') ? parseIPv6(text) : parseIPv4(text);
}

function parseIPv4(text: string): Address | undefined {
  const value = ipv4Number(text);
  return value === undefined ? undefined : { family: 'IPv4', value: BigInt(value) };
}

const digit0 = 0x30;
const dot = 0x2e;

/** An IPv4 address as `parseAddress` takes it, as a number below 2^32; undefined for anything else. */
export function ipv4Number(text: string): number | undefined {
  let value = 0;
  let dots = 0;
  let octet = -1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const digit = code - digit0;
    if (code === dot && octet >= 0 && dots < 3) {
      value = value * 256 + octet;
      dots += 1;
      octet = -1;
    } else if (digit < 0 || digit > 9 || octet === 0) return undefined;
    else octet = octet < 0 ? digit : octet * 10 + digit;
    if (octet > 255) return undefined;
  }
  return dots === 3 && octet >= 0 ? value * 256 + octet : undefined;
}

function parseIPv6(text: string): Address | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? '', { mayEndInIPv4: halves.length === 1 });
  const tail = groupsOf(halves[1] ?? '', { mayEndInIPv4: true });
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  // "::" stands for at least one group; without it all eight must be there.
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail];
  return { family: 'IPv6', value: groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n) };
}

function groupsOf(half: string, { mayEndInIPv4 }: { mayEndInIPv4: boolean }): number[] | undefined {
  if (half === '') return [];
  const groups: number[] = [];
  const parts = half.split(':');
  for (const [index, part] of parts.entries()) {
    if (part.includes('.') && mayEndInIPv4 && index === parts.length - 1) {
      const embedded = parseIPv4(part);
      if (embedded === undefined) return undefined;
      groups.push(Number(embedded.value >> 16n), Number(embedded.value & 0xffffn));
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

/** Writes an address canonically; IPv6 as RFC 5952 wants it. */
export function formatAddress(address: Address): string {
  if (address.family === 'IPv4') {
    const value = Number(address.value);
    return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
  }
  const groups = Array.from({ length: 8 }, (_, i) =>
    Number((address.value >> BigInt(112 - 16 * i)) & 0xffffn),
  );
  const [start, length] = longestZeroRun(groups);
  if (length < 2) return groups.map((g) => g.toString(16)).join(':');
  const hex = (part: number[]): string => part.map((g) => g.toString(16)).join(':');
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

function longestZeroRun(groups: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  let start = 0;
  for (let i = 0; i <= groups.length; i++) {
    if (i < groups.length && groups[i] === 0) continue;
    if (i - start > best[1]) best = [start, i - start];
    start = i + 1;
  }
  return best;
}

/** The address as network-order bytes: 4 or 16 of them. */
export function addressBytes(address: Address): Uint8Array {
  const bytes = new Uint8Array(bitsOf(address.family) / 8);
  let rest = address.value;
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 255n);
    rest >>= 8n;
  }
  return bytes;
}

/** The address in 4 or 16 network-order bytes; undefined for another length. */
export function addressFromBytes(bytes: Uint8Array): Address | undefined {
  if (bytes.length !== 4 && bytes.length !== 16) return undefined;
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return { family: bytes.length === 4 ? 'IPv4' : 'IPv6', value };
}

/** The address `offset` after this one (may be negative); undefined outside the family's range. */
export function addressAfter(address: Address, offset: bigint): Address | undefined {
  const value = address.value + offset;
  if (value < 0n || value >> BigInt(bitsOf(address.family)) !== 0n) return undefined;
  return { family: address.family, value };
}
