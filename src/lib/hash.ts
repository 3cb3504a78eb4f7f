const offsetBasis = 0xcbf29ce484222325n;
const prime = 0x100000001b3n;
const mask = 0xffffffffffffffffn;

/** 64-bit FNV-1a of a text's UTF-16 code units, as 11 to 13 characters of [0-9a-z]. For names, never for secrets. */
export function shortHash(text: string): string {
  let hash = offsetBasis;
  for (let i = 0; i < text.length; i++) {
    hash ^= BigInt(text.charCodeAt(i));
    hash = (hash * prime) & mask;
  }
  return hash.toString(36).padStart(11, '0');
}

/** 32-bit FNV-1a of a text's UTF-16 code units. For numbers that shall be the same again, never for secrets. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
