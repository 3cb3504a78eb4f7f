import { shortHash } from '../../lib/hash.ts';

/** Characters of generated names: no vowels and nothing that looks like another (apimachinery util/rand). */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** Names end in a generated part of this length, as with `generateName`. */
const suffixLength = 5;
/** What may stand before it, so that the name still fits into a label value of 63 characters. */
const stemLength = 63 - suffixLength;

/** `STEM-XXXXX`, where the end follows from the seed alone: the same in every run. */
export function generatedName(stem: string, seed: string): string {
  return `${stem}-`.slice(0, stemLength) + encode(shortHash(`${stem} ${seed}`)).slice(-suffixLength);
}

/**
 * A hash of any JSON value, whatever the order of its fields: 10 characters that names and labels may hold.
 * Remembered per object, so values must not be modified afterwards.
 */
export function contentHash(value: object): string {
  let hash = hashes.get(value);
  if (hash === undefined) {
    hash = encode(shortHash(canonicalJson(value))).slice(-10);
    hashes.set(value, hash);
  }
  return hash;
}

const hashes = new WeakMap<object, string>();

function encode(hash: string): string {
  return Array.from(hash, (digit) => alphabet[Number.parseInt(digit, 36) % alphabet.length]).join('');
}

/** JSON with the fields of every object in order of their names. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_field, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
