import { CelError } from '../error.ts';
import { patternOf, type Pattern } from '../../regexp.ts';
import { matchesPattern, overload, readsFirst, textCost, type Overload, type Sized } from '../overload.ts';
import type { Value } from '../values/value.ts';
import { formatText } from './format-text.ts';

const first: Sized = ([size = 0]) => size;
const product: Sized = ([one = 0, other = 0]) => textCost(one) * textCost(other);
const edges: Sized = ([, other = 0]) => textCost(other);
/** What no function makes a text longer than: replacing in a text, or joining, multiplies. */
const longest = 10_000_000;

function compiled(pattern: string): Pattern {
  try {
    return patternOf(pattern);
  } catch (thrown) {
    throw new CelError(thrown instanceof Error ? thrown.message : 'invalid pattern');
  }
}

function charAt(text: string, index: bigint): string {
  const letters = Array.from(text);
  if (index < 0n || index > letters.length) throw new CelError(`index out of range: ${index}`);
  return letters[Number(index)] ?? '';
}

function substring(text: string, from: bigint, to?: bigint): string {
  const letters = Array.from(text);
  const end = to ?? BigInt(letters.length);
  if (from < 0n || from > letters.length) throw new CelError(`index out of range: ${from}`);
  if (end < 0n || end > letters.length) throw new CelError(`index out of range: ${end}`);
  if (from > end) throw new CelError(`invalid substring range. start: ${from}, end: ${end}`);
  return letters.slice(Number(from), Number(end)).join('');
}

/** By code points. */
function indexIn(text: string, part: string, from: bigint): bigint {
  const letters = Array.from(text);
  if (from < 0n || from > letters.length) throw new CelError(`index out of range: ${from}`);
  const offset = letters.slice(0, Number(from)).join('').length;
  const found = text.indexOf(part, offset);
  return found < 0 ? -1n : BigInt(Array.from(text.slice(0, found)).length);
}

function lastIndexIn(text: string, part: string, from?: bigint): bigint {
  const letters = Array.from(text);
  if (from !== undefined && (from < 0n || from > letters.length))
    throw new CelError(`index out of range: ${from}`);
  const offset = from === undefined ? text.length : letters.slice(0, Number(from)).join('').length;
  const found = text.lastIndexOf(part, offset);
  return found < 0 ? -1n : BigInt(Array.from(text.slice(0, found)).length);
}

function split(text: string, by: string, limit = -1n): string[] {
  if (limit === 0n) return [];
  const parts = by === '' ? Array.from(text) : text.split(by);
  if (limit < 0n || parts.length <= limit) return parts;
  const kept = parts.slice(0, Number(limit) - 1);
  return [...kept, parts.slice(Number(limit) - 1).join(by)];
}

function replace(text: string, { from, to, most }: { from: string; to: string; most: bigint }): string {
  const parts = split(text, from, most < 0n ? -1n : most + 1n);
  if (parts.length * to.length + text.length > longest) throw new CelError('the text would be too long');
  if (from !== '') return parts.join(to);
  // Between all letters, before the first and behind the last.
  const letters = Array.from(text);
  const count = most < 0n ? letters.length + 1 : Math.min(Number(most), letters.length + 1);
  return (
    letters.map((letter, i) => (i < count ? to : '') + letter).join('') + (count > letters.length ? to : '')
  );
}

function joined(list: readonly Value[], by = ''): string {
  if (!list.every((one) => typeof one === 'string')) throw new CelError('no such overload');
  return list.join(by);
}

/** ASCII letters only: others have no case here. */
const lower = (text: string): string => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
const upper = (text: string): string => text.replaceAll(/[a-z]/g, (letter) => letter.toUpperCase());

const mostMatches = 100_000;

function findAll(text: string, pattern: string, most = -1n): string[] {
  return compiled(pattern).findAll(text, most < 0n ? mostMatches : Number(most));
}

/** Functions over texts: CEL's own, its strings extension (version 2), and Kubernetes' regex library. */
export const strings: readonly Overload[] = [
  overload('string.contains(string) -> bool', (text: string, part: string) => text.includes(part), {
    cost: product,
  }),
  overload('string.startsWith(string) -> bool', (text: string, part: string) => text.startsWith(part), {
    cost: edges,
  }),
  overload('string.endsWith(string) -> bool', (text: string, part: string) => text.endsWith(part), {
    cost: edges,
  }),
  overload('string.matches(string) -> bool', (text: string, by: string) => compiled(by).test(text), {
    cost: matchesPattern,
  }),
  overload('matches(string, string) -> bool', (text: string, by: string) => compiled(by).test(text), {
    cost: matchesPattern,
  }),
  overload('string.find(string) -> string', (text: string, by: string) => compiled(by).find(text) ?? '', {
    cost: matchesPattern,
    size: first,
  }),
  overload('string.findAll(string) -> list<string>', (text: string, by: string) => findAll(text, by), {
    cost: matchesPattern,
    size: first,
  }),
  overload(
    'string.findAll(string, int) -> list<string>',
    (text: string, by: string, most: bigint) => findAll(text, by, most),
    { cost: matchesPattern, size: first },
  ),
  overload('string.charAt(int) -> string', charAt, { cost: readsFirst, size: () => 1 }),
  overload('string.indexOf(string) -> int', (text: string, part: string) => indexIn(text, part, 0n), {
    cost: product,
  }),
  overload('string.indexOf(string, int) -> int', indexIn, { cost: product }),
  overload('string.lastIndexOf(string) -> int', (text: string, part: string) => lastIndexIn(text, part), {
    cost: product,
  }),
  overload('string.lastIndexOf(string, int) -> int', lastIndexIn, { cost: product }),
  overload('string.lowerAscii() -> string', lower, { cost: readsFirst, size: first }),
  overload('string.upperAscii() -> string', upper, { cost: readsFirst, size: first }),
  overload(
    'string.replace(string, string) -> string',
    (text: string, from: string, to: string) => replace(text, { from, to, most: -1n }),
    { cost: readsFirst, size: ([size = 0, , by = 0]) => size + size * by },
  ),
  overload(
    'string.replace(string, string, int) -> string',
    // eslint-disable-next-line max-params -- as the function is called
    (text: string, from: string, to: string, most: bigint) => replace(text, { from, to, most }),
    { cost: readsFirst, size: ([size = 0, , by = 0]) => size + size * by },
  ),
  overload('string.split(string) -> list<string>', (text: string, by: string) => split(text, by), {
    cost: readsFirst,
    size: first,
  }),
  overload('string.split(string, int) -> list<string>', split, { cost: readsFirst, size: first }),
  overload('string.substring(int) -> string', (text: string, from: bigint) => substring(text, from), {
    cost: readsFirst,
    size: first,
  }),
  overload('string.substring(int, int) -> string', substring, { cost: readsFirst, size: first }),
  overload('string.trim() -> string', (text: string) => text.trim(), { cost: readsFirst, size: first }),
  overload('list<string>.join() -> string', (list: readonly Value[]) => joined(list)),
  overload('list<string>.join(string) -> string', joined),
  overload('@strings.quote(string) -> string', (text: string) => JSON.stringify(text), { cost: readsFirst }),
  overload('string.format(list<dyn>) -> string', formatText, { cost: readsFirst }),
];
