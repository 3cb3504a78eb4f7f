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
      line: lines.at(from),
      lineOf: locator(text.slice(from, to), (offset) => lines.at(from + offset)),
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

/** Tells the line, from 1, of an offset. */
class LineIndex {
  /** Offsets at which lines start. */
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (let feed = text.indexOf('\n'); feed >= 0; feed = text.indexOf('\n', feed + 1))
      this.#starts.push(feed + 1);
  }

  at(offset: number): number {
    let [low, high] = [0, this.#starts.length];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] ?? Infinity) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }
}

/** The lines of a document; its text is read again when the first line within it is asked for. */
function locator(text: string, lineAt: (offset: number) => number): ManifestDocument['lineOf'] {
  let marked: ReturnType<typeof marksOf> | undefined;
  return (steps) => {
    marked ??= marksOf(text);
    let container = marked.value;
    let found = 0;
    for (const step of steps) {
      const offset = isContainer(container) ? marked.marks.get(container)?.get(step) : undefined;
      if (offset === undefined || !isContainer(container)) break;
      found = offset;
      container = container[step];
    }
    return lineAt(found);
  };
}

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
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
