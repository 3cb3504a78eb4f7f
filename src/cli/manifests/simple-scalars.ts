/** Thrown where a text leaves the simple part of YAML; whoever catches it asks the full parser. */
export const notSimple = new Error('not simple YAML');

/** A value and the offset after it. */
export interface Scanned {
  readonly value: unknown;
  readonly end: number;
}

const words: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
]);

const otherBooleans = /^(?:y|n|yes|no|on|off)$/i;
const decimal = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?$/;
/** What other notations of numbers look like: signs, leading zeros, 0x, 0o, exponents, fractions, .inf. */
const otherNumber = /^[-+]?(?:\.?\d[\d_]*(?:\.\d*)?(?:[eE][-+]?\d*)?|0[xo][\da-fA-F]*|\.(?:inf|nan))$/i;

/** The value of a plain (unquoted) scalar. */
export function plainValue(text: string): unknown {
  const first = text.charCodeAt(0);
  // Most scalars start with a letter and are just text; numbers start with a digit, a sign or a dot.
  if (isDigit(first) || first === 43 || first === 45 || first === 46) {
    if (decimal.test(text) && text !== '-0') return Number(text);
    if (otherNumber.test(text)) throw notSimple;
    return text;
  }
  if (text.length > 5) return text;
  if (words.has(text)) return words.get(text);
  if (otherBooleans.test(text)) throw notSimple;
  return text;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

const doubleQuoted = /"((?:[^"\\\n\r\t]|\\["\\/bfnrt]|\\u[\da-fA-F]{4})*)"/y;
const singleQuoted = /'((?:[^'\n\r\t]|'')*)'/y;

/** A quoted scalar on one line. */
export function scanQuoted(text: string, at: number): Scanned {
  const isDouble = text.charCodeAt(at) === 34;
  const pattern = isDouble ? doubleQuoted : singleQuoted;
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  if (match === null) throw notSimple;
  const [whole, inside = ''] = match;
  const end = at + whole.length;
  if (!isDouble) return { value: inside.replaceAll("''", "'"), end };
  // The escapes that the pattern admits mean the same in JSON.
  return { value: inside.includes('\\') ? JSON.parse(whole) : inside, end };
}

/** A key must be text; those that would be something else, or that JavaScript treats specially, are not simple. */
export function checkKey(key: string, quoted: boolean): string {
  if (key === '__proto__' || key === '<<') throw notSimple;
  if (!quoted && typeof plainValue(key) !== 'string') throw notSimple;
  return key;
}
