import type { ManifestDocument } from './document.ts';
import { scanFlow, type Mark } from './simple-flow.ts';
import { checkKey, notSimple, plainValue, scanQuoted, type Scanned } from './simple-scalars.ts';

const depthLimit = 100;
const key = /(?:([A-Za-z_][\w./-]*)|"([^"\\\n\r\t]*)"|'([^'\n\r\t]*)'):(?=[ \n]|$)/y;
/** A comment or nothing up to the end of the line. */
const lineEnd = /[ ]*(?: #[^\n]*)?(?=\n|$)/y;
const separator = /---(?= *(?:#[^\n]*)?(?:\n|$))/y;
/** Characters that make a plain scalar something else when they come first. */
const indicators = new Set('&*!%@`,?:[]{}#|>\'"');

/**
 * The documents of a text written in the simple part of YAML that nearly all manifests keep to: block maps and
 * lists, scalars on one line, flow collections on one line, literal blocks, JSON. Undefined where there is
 * anything else - anchors, tags, folded text, tabs, a key given twice, an error - for the full parser then says
 * what it is. About ten times as fast as that, and no module has to be loaded for it.
 */
export function readSimpleDocuments(text: string): ManifestDocument[] | undefined {
  // Where lines end otherwise, or hold tabs, indentation is the full parser's business.
  const breaks = isJson(text) ? controlsInJson : controlsInYaml;
  if (breaks.test(text)) return undefined;
  try {
    return new SimpleReader(text, undefined).documents();
  } catch (thrown) {
    if (thrown === notSimple) return undefined;
    throw thrown;
  }
}

/** Control characters other than line feeds, directives and document ends. */
const controlsInYaml = /[^\P{Cc}\n]|^\.\.\.|^%/mu;
const controlsInJson = /[^\P{Cc}\n\r]/u;

function isJson(text: string): boolean {
  return /^[ \n\r]*\{/.test(text);
}

/** Without blanks at the end; other white space is content. */
function trimBlanks(text: string): string {
  return text.endsWith(' ') ? text.replace(/ +$/, '') : text;
}

/** Reads a document once more to learn where its entries are. */
function marksOf(text: string): { value: unknown; marks: Map<object, Map<string, number>> } {
  const marks = new Map<object, Map<string, number>>();
  const reader = new SimpleReader(text, (container, key, offset) => {
    const entries = marks.get(container) ?? new Map<string, number>();
    marks.set(container, entries.set(String(key), offset));
  });
  return { value: reader.document(), marks };
}

class SimpleReader {
  readonly #text: string;
  readonly #mark: Mark | undefined;
  /** Where the content of the current line starts, and its column; at the end of a document `#indent` is -1. */
  #start = 0;
  #indent = 0;
  /** Where the line after the current one starts. */
  #next = 0;

  constructor(text: string, mark: Mark | undefined) {
    this.#text = text;
    this.#mark = mark;
  }

  documents(): ManifestDocument[] {
    const documents: ManifestDocument[] = [];
    const lines = new LineIndex(this.#text);
    for (let from = 0; from < this.#text.length;) {
      this.#next = from;
      this.#readLine();
      const start = this.#start;
      if (this.#indent >= 0) {
        const value = this.#root();
        if (this.#indent >= 0) throw notSimple;
        const slice = this.#text.slice(start - this.#columnOf(start), this.#start);
        documents.push({ value, ...locate(slice, lines.at(start)) });
      }
      from = this.#afterSeparator();
    }
    return documents;
  }

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

  /** Column of an offset in its line. */
  #columnOf(offset: number): number {
    return offset - (this.#text.lastIndexOf('\n', offset - 1) + 1);
  }

  #lineFeed(at: number): number {
    const feed = this.#text.indexOf('\n', at);
    return feed < 0 ? this.#text.length : feed;
  }
}

/** Counts lines up to offsets that only grow. */
class LineIndex {
  readonly #text: string;
  #offset = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  at(offset: number): number {
    for (;;) {
      const feed = this.#text.indexOf('\n', this.#offset);
      if (feed < 0 || feed >= offset) return this.#line;
      this.#offset = feed + 1;
      this.#line++;
    }
  }
}

/** A document's place in its file; its text is read again when the first line within it is asked for. */
function locate(text: string, line: number): Pick<ManifestDocument, 'line' | 'lineOf'> {
  let marked: ReturnType<typeof marksOf> | undefined;
  const lineOf = (steps: readonly string[]): number => {
    marked ??= marksOf(text);
    let container = marked.value;
    let found = 0;
    for (const step of steps) {
      const offset = isContainer(container) ? marked.marks.get(container)?.get(step) : undefined;
      if (offset === undefined || !isContainer(container)) break;
      found = offset;
      container = container[step];
    }
    return line + linesBefore(text, found);
  };
  return { line, lineOf };
}

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function linesBefore(text: string, offset: number): number {
  let lines = 0;
  for (let feed = text.indexOf('\n'); feed >= 0 && feed < offset; feed = text.indexOf('\n', feed + 1))
    lines++;
  return lines;
}
