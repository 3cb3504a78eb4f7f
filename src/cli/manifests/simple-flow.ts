import { checkKey, notSimple, plainValue, scanQuoted, type Scanned } from './simple-scalars.ts';

/** Hears at which offset each entry of a container starts. */
export type Mark = (container: object, key: string | number, offset: number) => void;

interface FlowOptions {
  /** Whether the collection may span lines, as JSON does: only where it is the whole document. */
  readonly multiline: boolean;
  readonly mark: Mark | undefined;
}

const depthLimit = 100;
const plain = /[A-Za-z0-9_./+-][\w./+-]*(?: +[\w./+-]+)*/y;
const blanks = /[ ]*/y;
const blanksAndBreaks = /[ \n\r]*/y;

/** A flow collection, `[a, "b"]` or `{c: 1}`: all of JSON, and the plainest of YAML's additions to it. */
export function scanFlow(text: string, at: number, options: FlowOptions): Scanned {
  return new FlowScanner(text, options).collection(at, 0);
}

class FlowScanner {
  readonly #text: string;
  readonly #space: RegExp;
  readonly #mark: Mark | undefined;

  constructor(text: string, { multiline, mark }: FlowOptions) {
    this.#text = text;
    this.#space = multiline ? blanksAndBreaks : blanks;
    this.#mark = mark;
  }

  collection(at: number, depth: number): Scanned {
    if (depth > depthLimit) throw notSimple;
    return this.#text[at] === '{' ? this.#map(at + 1, depth) : this.#list(at + 1, depth);
  }

  #list(at: number, depth: number): Scanned {
    const value: unknown[] = [];
    let next = this.#skip(at);
    if (this.#text[next] === ']') return { value, end: next + 1 };
    for (;;) {
      const item = this.#value(next, depth);
      this.#mark?.(value, value.length, next);
      value.push(item.value);
      next = this.#skip(item.end);
      if (this.#text[next] === ']') return { value, end: next + 1 };
      next = this.#skip(this.#expect(next, ','));
    }
  }

  #map(at: number, depth: number): Scanned {
    const value: Record<string, unknown> = {};
    let next = this.#skip(at);
    if (this.#text[next] === '}') return { value, end: next + 1 };
    for (;;) {
      const start = next;
      const key = this.#key(next);
      if (Object.hasOwn(value, key.value)) throw notSimple;
      const item = this.#value(this.#skip(key.end), depth);
      value[key.value] = item.value;
      this.#mark?.(value, key.value, start);
      next = this.#skip(item.end);
      if (this.#text[next] === '}') return { value, end: next + 1 };
      next = this.#skip(this.#expect(next, ','));
    }
  }

  /** A key with its colon; after a plain key a blank must follow that. */
  #key(at: number): { value: string; end: number } {
    const quoted = this.#isQuote(at);
    const { value, end } = quoted ? scanQuoted(this.#text, at) : this.#plain(at);
    const text = quoted ? String(value) : this.#text.slice(at, end);
    const after = this.#expect(end, ':');
    if (!quoted && !/[ \n]/.test(this.#text[after] ?? '')) throw notSimple;
    return { value: checkKey(text, quoted), end: after };
  }

  #value(at: number, depth: number): Scanned {
    const first = this.#text[at];
    if (first === '{' || first === '[') return this.collection(at, depth + 1);
    return this.#isQuote(at) ? scanQuoted(this.#text, at) : this.#plain(at);
  }

  #plain(at: number): Scanned {
    plain.lastIndex = at;
    const [text] = plain.exec(this.#text) ?? [];
    // A lone hyphen would start a block list.
    if (text === undefined || text === '-' || text.startsWith('- ') || text.startsWith('--')) throw notSimple;
    return { value: plainValue(text), end: at + text.length };
  }

  #isQuote(at: number): boolean {
    const first = this.#text[at];
    return first === '"' || first === "'";
  }

  #skip(at: number): number {
    this.#space.lastIndex = at;
    this.#space.test(this.#text);
    return this.#space.lastIndex;
  }

  #expect(at: number, char: string): number {
    if (this.#text[at] !== char) throw notSimple;
    return at + 1;
  }
}
