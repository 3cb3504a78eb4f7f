import { CelSyntaxError } from '../error.ts';
import { Uint, type Value } from '../values/value.ts';
import { mostInt, mostUint } from '../values/numbers.ts';

/**
 * The value of a number as it is written: an int, a uint where it ends in `u`, a double with a point or exponent.
 * The lowest int is written as minus of what is one above the highest, which the parser puts together.
 */
export function readNumber(text: string, at: number): Value {
  if (/^0x/i.test(text) ? /u$/i.test(text) : /u$/i.test(text)) {
    const value = BigInt(text.slice(0, -1));
    if (value > mostUint) throw new CelSyntaxError('invalid uint literal', at);
    return new Uint(value);
  }
  if (/^(0x[0-9a-f]+|\d+)$/i.test(text)) {
    const value = BigInt(text);
    if (value > mostInt + 1n) throw new CelSyntaxError('invalid int literal', at);
    return value;
  }
  return Number(text);
}

const escapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
};

const coded = /[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})/y;
const encoder = new TextEncoder();

interface Form {
  readonly raw: boolean;
  readonly bytes: boolean;
  readonly at: number;
}

/** The text, or the bytes, between quotes. In bytes an escaped number is a byte, in a text a code point. */
export function readText(body: string, { raw, bytes, at }: Form): Value {
  const parts: (string | number)[] = [];
  for (let i = 0; i < body.length; i++) {
    if (body[i] !== '\\' || raw) parts.push(body[i] ?? '');
    else {
      const { part, length } = escapeAt(body, i + 1, at);
      parts.push(part);
      i += length;
    }
  }
  return bytes
    ? bytesOf(parts)
    : parts.map((part) => (typeof part === 'string' ? part : String.fromCodePoint(part))).join('');
}

function escapeAt(body: string, from: number, at: number): { part: string | number; length: number } {
  const simple = escapes[body[from] ?? ''];
  if (simple !== undefined) return { part: simple, length: 1 };
  coded.lastIndex = from;
  const match = coded.exec(body);
  const [whole = '', two = '', four = '', eight = '', octal = ''] = match ?? [];
  const code = octal === '' ? parseInt(`${two}${four}${eight}`, 16) : parseInt(octal, 8);
  if (code <= 0x10_ffff) return { part: code, length: whole.length };
  throw new CelSyntaxError('unable to unescape string', at + from - 1);
}

function bytesOf(parts: readonly (string | number)[]): Uint8Array {
  const bytes: number[] = [];
  let text = '';
  const flush = (): void => {
    bytes.push(...encoder.encode(text));
    text = '';
  };
  for (const part of parts) {
    if (typeof part === 'string') text += part;
    else {
      flush();
      if (part < 256) bytes.push(part);
      else bytes.push(...encoder.encode(String.fromCodePoint(part)));
    }
  }
  flush();
  return Uint8Array.from(bytes);
}
