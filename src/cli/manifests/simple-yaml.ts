import type { ManifestDocument } from './document.ts';
import { SimpleReader } from './simple-reader.ts';
import { notSimple } from './simple-scalars.ts';

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
    const lines = new LineIndex(text);
    const documents = new SimpleReader(text, undefined).documents();
    return Array.from(documents, ({ value, from, to }) => ({
      value,
      ...locate(text.slice(from, to), lines.at(from)),
    }));
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

/** Reads a document once more to learn where its entries are. */
function marksOf(text: string): { value: unknown; marks: Map<object, Map<string, number>> } {
  const marks = new Map<object, Map<string, number>>();
  const reader = new SimpleReader(text, (container, key, offset) => {
    const entries = marks.get(container) ?? new Map<string, number>();
    marks.set(container, entries.set(String(key), offset));
  });
  return { value: reader.document(), marks };
}
