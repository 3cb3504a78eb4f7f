import { scanFlow, type Mark } from './simple-flow.ts';
import { checkKey, notSimple, plainValue, scanQuoted, type Scanned } from './simple-scalars.ts';

const depthLimit = 100;
const key = /(?:([A-Za-z_][\w./-]*)|"([^"\\\n\r\t]*)"|'([^'\n\r\t]*)'):(?=[ \n]|$)/y;
/** A comment or nothing up to the end of the line. */
const lineEnd = /[ ]*(?: #[^\n]*)?(?=\n|$)/y;
const separator = /---(?=(?: +#[^\n]*| *)(?:\n|$))/y;
/** Characters that make a plain scalar something else when they come first. */
const indicators = new Set('&*!%@`,?:[]{}#|>\'"');

/** Without blanks at the end; other white space is content. */
function trimBlanks(text: string): string {
  return text.endsWith(' ') ? text.replace(/ +$/, '') : text;
}

/**
 * Reads block YAML line by line, and throws `notSimple` at everything that readSimpleDocuments leaves to the full
 * parser. Between calls the reader stands at the first character of a line's content.
 */
export class SimpleReader {
  readonly #text: string;
  readonly #mark: Mark | undefined;
  /** Where the content of the current line starts, and its column; at the end of a document `#indent` is -1. */
  #start = 0;
  #indent = 0;
  /** Where the line after the current one starts. */
  #next = 0;

  /** `mark` hears where each entry of each map and list starts. */
  constructor(text: string, mark: Mark | undefined) {
    this.#text = text;
    this.#mark = mark;
  }

  /** The documents with content, each with the offsets of its first line and of what follows its last. */
  *documents(): Generator<{ value: unknown; from: number; to: number }> {
    for (let next = 0; next < this.#text.length; next = this.#afterSeparator()) {
      this.#next = next;
      this.#readLine();
      if (this.#indent < 0) continue;
      const from = this.#start - this.#indent;
      const value = this.#root();
      if (this.#indent >= 0) throw notSimple;
      yield { value, from, to: this.#start };
    }
  }

  /** The first document; there must be one. */
  document(): unknown {
    this.#readLine();
    return this.#root();
  }

  /** A whole document: JSON, or block collections; a lone scalar is not simple. */
  #root(): unknown {
    const first = this.#text[this.#start];
    if (first !== '{') return this.#block(this.#indent, 0);
    const { value, end } = scanFlow(this.#text, this.#start, { multiline: true, mark: this.#mark });
    this.#finishLine(end);
    return value;
  }

  /** The offset after the `---` that ended the document, or the end of the text. */
  #afterSeparator(): number {
    if (this.#start >= this.#text.length) return this.#text.length;
    const end = this.#text.indexOf('\n', this.#start);
    return end < 0 ? this.#text.length : end + 1;
  }

  #block(indent: number, depth: number): unknown {
    if (depth > depthLimit) throw notSimple;
    return this.#isItem() ? this.#list(indent, depth) : this.#map(indent, depth);
  }

  #map(indent: number, depth: number): unknown {
    const map: Record<string, unknown> = {};
    while (this.#indent === indent && !this.#isItem()) {
      const start = this.#start;
      const { name, end } = this.#key(start);
      if (Object.hasOwn(map, name)) throw notSimple;
      map[name] = this.#valueAfter(end, { indent, depth, inMap: true });
      this.#mark?.(map, name, start);
    }
    if (this.#indent > indent) throw notSimple;
    return map;
  }

  #list(indent: number, depth: number): unknown {
    const list: unknown[] = [];
    while (this.#indent === indent && this.#isItem()) {
      this.#mark?.(list, list.length, this.#contentOfItem(indent));
      list.push(this.#item(indent, depth));
    }
    // A list that a map's key holds may stand at the map's own indentation.
    if (this.#indent > indent) throw notSimple;
    return list;
  }

  /** Where an item's content starts: behind its hyphen, or on a line below. */
  #contentOfItem(indent: number): number {
    const after = this.#start + 1;
    if (!this.#isLineEnd(after)) return this.#skipBlanks(after);
    const below = /\n(?: *(?:#[^\n]*)?\n)*( *)(?=[^ \n])/y;
    below.lastIndex = this.#lineFeed(after);
    const [, blanks = ''] = below.exec(this.#text) ?? [];
    return blanks.length > indent ? below.lastIndex : this.#start;
  }

  #item(indent: number, depth: number): unknown {
    const content = this.#skipBlanks(this.#start + 1);
    key.lastIndex = content;
    const startsMap = key.test(this.#text);
    const startsList = this.#isItem(content);
    if (!startsMap && !startsList) return this.#valueAfter(this.#start + 1, { indent, depth, inMap: false });
    this.#indent += content - this.#start;
    this.#start = content;
    return this.#block(this.#indent, depth + 1);
  }

  #key(at: number): { name: string; end: number } {
    key.lastIndex = at;
    const match = key.exec(this.#text);
    if (match === null) throw notSimple;
    const [whole, plain, double, single] = match;
    const name = plain ?? double ?? single ?? '';
    return { name: checkKey(name, plain === undefined), end: at + whole.length };
  }

  /** What follows a key's colon or an item's hyphen: a scalar on the line, or a block on the lines below. */
  #valueAfter(at: number, where: { indent: number; depth: number; inMap: boolean }): unknown {
    const { indent, depth, inMap } = where;
    if (!this.#isLineEnd(at)) return this.#inline(this.#skipBlanks(at), indent);
    this.#finishLine(at);
    if (this.#indent > indent) return this.#block(this.#indent, depth + 1);
    if (inMap && this.#indent === indent && this.#isItem()) return this.#list(indent, depth + 1);
    return null;
  }

  #inline(at: number, indent: number): unknown {
    const first = this.#text[at] ?? '';
    if (first === '|') return this.#literal(at, indent);
    const { value, end } = this.#scalar(at, first);
    this.#finishLine(end);
    // Deeper lines would continue the scalar.
    if (this.#indent > indent) throw notSimple;
    return value;
  }

  #scalar(at: number, first: string): Scanned {
    if (first === '"' || first === "'") return scanQuoted(this.#text, at);
    if (first === '{' || first === '[')
      return scanFlow(this.#text, at, { multiline: false, mark: this.#mark });
    if (indicators.has(first) || this.#isItem(at)) throw notSimple;
    const line = this.#text.slice(at, this.#lineFeed(at));
    const comment = line.indexOf(' #');
    const text = trimBlanks(comment < 0 ? line : line.slice(0, comment));
    if (text.includes(': ') || text.endsWith(':')) throw notSimple;
    return { value: plainValue(text), end: at + text.length };
  }

  /** A literal block, `|` or `|-`: the lines below that are indented at least as far as the first of them. */
  #literal(at: number, indent: number): unknown {
    const strip = this.#text[at + 1] === '-';
    const header = at + (strip ? 2 : 1);
    if (!this.#isLineEnd(header)) throw notSimple;
    const first = this.#lineFeed(header) + 1;
    const width = this.#columnAt(first);
    // Leading empty lines and empty blocks have rules of their own.
    if (width <= indent || this.#isBlank(first)) throw notSimple;
    const { lines, end } = this.#literalLines(first, width);
    this.#next = end;
    this.#readLine();
    if (this.#indent > indent) throw notSimple;
    return lines.join('\n') + (strip ? '' : '\n');
  }

  #literalLines(first: number, width: number): { lines: string[]; end: number } {
    const lines: string[] = [];
    let line = first;
    while (line < this.#text.length) {
      const [column, blank] = [this.#columnAt(line), this.#isBlank(line)];
      if (blank && column > width) throw notSimple;
      if (!blank && column < width) break;
      const feed = this.#lineFeed(line);
      lines.push(blank ? '' : this.#text.slice(line + width, feed));
      line = feed + 1;
    }
    // Without a line feed at the end of the text the last line has none either.
    if (line > this.#text.length) throw notSimple;
    while (lines.at(-1) === '') lines.pop();
    return { lines, end: line };
  }

  /** Goes to the next line with content; the rest of this one must be a comment or nothing. */
  #finishLine(end: number): void {
    if (!this.#isLineEnd(end)) throw notSimple;
    this.#next = this.#lineFeed(end) + 1;
    this.#readLine();
  }

  #readLine(): void {
    let line = this.#next;
    for (; line < this.#text.length; line = this.#lineFeed(line) + 1) {
      const start = this.#skipBlanks(line);
      const first = this.#text[start];
      if (first === undefined || first === '\n' || first === '#') continue;
      this.#start = start;
      this.#indent = this.#isSeparator(line) ? -1 : start - line;
      return;
    }
    this.#start = this.#text.length;
    this.#indent = -1;
  }

  #isSeparator(line: number): boolean {
    if (!this.#text.startsWith('---', line)) return false;
    separator.lastIndex = line;
    if (!separator.test(this.#text)) throw notSimple;
    return true;
  }

  #isItem(at = this.#start): boolean {
    if (this.#text[at] !== '-') return false;
    const after = this.#text[at + 1];
    return after === undefined || after === ' ' || after === '\n';
  }

  #isLineEnd(at: number): boolean {
    lineEnd.lastIndex = at;
    return lineEnd.test(this.#text);
  }

  #isBlank(line: number): boolean {
    const first = this.#text[this.#skipBlanks(line)];
    return first === undefined || first === '\n';
  }

  #skipBlanks(at: number): number {
    let next = at;
    while (this.#text[next] === ' ') next++;
    return next;
  }

  #columnAt(line: number): number {
    return this.#skipBlanks(line) - line;
  }

  #lineFeed(at: number): number {
    const feed = this.#text.indexOf('\n', at);
    return feed < 0 ? this.#text.length : feed;
  }
}
