/** Characters of generated names: no vowels and nothing that looks like another (apimachinery util/rand). */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** Names end in a generated part of this length, as with `generateName`. */
const suffixLength = 5;
/** What may stand before it, so that the name still fits into a label value of 63 characters. */
const stemLength = 63 - suffixLength;

/** `STEM-XXXXX`, where the end follows from the seed alone: the same in every run. */
export function generatedName(stem: string, seed: string): string {
  return `${stem}-`.slice(0, stemLength) + encode(hash(`${stem} ${seed}`, lanes[0]));
}

/**
 * A hash of any JSON value, whatever the order of its fields: 10 characters that names and labels may hold.
 * Remembered per object, so values must not be modified afterwards.
 */
export function contentHash(value: object): string {
  let known = hashes.get(value);
  if (known === undefined) {
    const text = canonicalJson(value);
    known = lanes.map((lane) => encode(hash(text, lane))).join('');
    hashes.set(value, known);
  }
  return known;
}

const hashes = new WeakMap<object, string>();

/** Two hashes that have nothing to do with each other: FNV-1a, and the same with another odd multiplier. */
const lanes = [
  { start: 0x811c9dc5, multiplier: 0x01000193 },
  { start: 0x9747b28c, multiplier: 0x85ebca6b },
] as const;

function hash(text: string, { start, multiplier }: (typeof lanes)[number]): number {
  let value: number = start;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), multiplier);
  // The last characters must reach the low bits too, for names that differ in their last digit only.
  return (value ^ (value >>> 15)) >>> 0;
}

/** As many characters as a suffix has. */
function encode(value: number): string {
  let text = '';
  for (let rest = value; text.length < suffixLength; rest = Math.floor(rest / alphabet.length)) {
    text += alphabet[rest % alphabet.length];
  }
  return text;
}

/** JSON with the fields of every object in order of their names. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_field, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
