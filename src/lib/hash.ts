/** FNV-1a of 64 bits, in halves: the prime is 2^40 + 0x1b3. */
const offsetBasis = { high: 0xcbf29ce4, low: 0x84222325 } as const;
const primeLow = 0x1b3;
const half = 2 ** 32;

/** 64-bit FNV-1a of a text's UTF-16 code units, as 11 to 13 characters of [0-9a-z]. For names, never for secrets. */
export function shortHash(text: string): string {
  let { high, low } = offsetBasis as { high: number; low: number };
  for (let i = 0; i < text.length; i++) {
    const mixed = (low ^ text.charCodeAt(i)) >>> 0;
    const product = mixed * primeLow;
    low = product >>> 0;
    high = (high * primeLow + Math.floor(product / half) + (mixed << 8)) >>> 0;
  }
  return ((BigInt(high) << 32n) | BigInt(low)).toString(36).padStart(11, '0');
}

/** 32-bit FNV-1a of a text's UTF-16 code units. For numbers that shall be the same again, never for secrets. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
