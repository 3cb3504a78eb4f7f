import { CelSyntaxError } from '../error.ts';
import type { Value } from '../values/value.ts';
import { readNumber, readText } from './literals.ts';

export type Token =
  | { readonly kind: 'literal'; readonly value: Value; readonly at: number; readonly text: string }
  | { readonly kind: 'ident' | 'symbol' | 'end'; readonly text: string; readonly at: number };

const space = /(?:[ \t\r\n\f]|\/\/[^\n]*)*/y;
const ident = /[A-Za-z_][A-Za-z0-9_]*/y;
const number =
  /0x[0-9a-fA-F]+u?|0x[0-9a-fA-F]+U|\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?|\d+[uU]?/y;
const text = /([rRbB]{0,2})("""|'''|"|')/y;
const symbol = /&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()[\]{}]/y;

/** Longer than any rule; everything after recurses over it. */
const longest = 100_000;

/** The tokens of a text, with one that is its end. Throws CelSyntaxError. */
export function tokensOf(source: string): Token[] {
  if (source.length > longest) throw new CelSyntaxError('expression code point size exceeds limit', 0);
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at += matchAt(space, source, at)?.[0].length ?? 0;
    if (at >= source.length) break;
    const { token, length } = tokenAt(source, at);
    tokens.push(token);
    at += length;
  }
  tokens.push({ kind: 'end', text: '<EOF>', at: source.length });
  return tokens;
}

interface Taken {
  readonly token: Token;
  readonly length: number;
}

function tokenAt(source: string, at: number): Taken {
  const opening = matchAt(text, source, at);
  if (opening !== undefined) return textAt(source, at, opening);
  const digits = matchAt(number, source, at);
  if (digits !== undefined) {
    const [found] = digits;
    return {
      token: { kind: 'literal', value: readNumber(found, at), at, text: found },
      length: found.length,
    };
  }
  const word = matchAt(ident, source, at);
  if (word !== undefined) return { token: wordOf(word[0], at), length: word[0].length };
  const sign = matchAt(symbol, source, at);
  if (sign !== undefined) return { token: { kind: 'symbol', text: sign[0], at }, length: sign[0].length };
  const letter = source[at] ?? '';
  if (letter === '`') throw new CelSyntaxError("unsupported syntax: '`'", at);
  throw new CelSyntaxError(`Syntax error: token recognition error at: '${letter}'`, at);
}

function wordOf(word: string, at: number): Token {
  if (word === 'true' || word === 'false') return { kind: 'literal', value: word === 'true', at, text: word };
  if (word === 'null') return { kind: 'literal', value: null, at, text: word };
  return { kind: word === 'in' ? 'symbol' : 'ident', text: word, at };
}

function textAt(source: string, at: number, [opening, prefix = '', quote = '']: RegExpExecArray): Taken {
  const raw = /r/i.test(prefix);
  const end = endOf(source, at + opening.length, { quote, raw });
  const body = source.slice(at + opening.length, end);
  const length = end + quote.length - at;
  const value = readText(body, { raw, bytes: /b/i.test(prefix), at: at + opening.length });
  return { token: { kind: 'literal', value, at, text: source.slice(at, at + length) }, length };
}

/** Where the closing quote begins. */
function endOf(source: string, from: number, { quote, raw }: { quote: string; raw: boolean }): number {
  for (let at = from; at < source.length; at++) {
    if (source.startsWith(quote, at)) return at;
    if (source[at] === '\\' && !raw) at++;
    else if (source[at] === '\n' && quote.length === 1) break;
  }
  throw new CelSyntaxError(
    `Syntax error: token recognition error at: '${source.slice(from - 1, from + 20)}'`,
    from - 1,
  );
}

function matchAt(pattern: RegExp, source: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source) ?? undefined;
}
