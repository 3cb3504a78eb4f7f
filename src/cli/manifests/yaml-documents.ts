import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
  type Node,
  type ScalarTag,
} from 'yaml';
import { messageOf, WeftError } from '../../lib/errors.ts';
import type { ManifestDocument } from './document.ts';

/** Aliases may multiply a document's size; this many are allowed. */
const maxAliasCount = 100;

const tooDeep = 'is nested too deep';

/** Kubernetes reads YAML 1.1 in these: `yes`, `no`, `on` and `off` are booleans and a leading 0 means octal. */
const customTags: ScalarTag[] = [
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: /^(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/,
    resolve: (text) => /^(?:yes|on)$/i.test(text),
  },
  {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test: /^[-+]?0[0-7]+$/,
    resolve: (text) => Number.parseInt(text, 8),
  },
];

/**
 * All documents of any YAML text. Throws `invalid-manifest` with file and line when the text is broken, has a key
 * twice, or aliases out of measure.
 */
export function readYamlDocuments(text: string, file: string): ManifestDocument[] {
  const lines = new LineCounter();
  const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line);
  try {
    const documents = parseAllDocuments(text, {
      lineCounter: lines,
      customTags,
      merge: true,
      prettyErrors: false,
    });
    if (!Array.isArray(documents)) return [];
    return documents.map((document) => {
      const [error] = document.errors;
      if (error !== undefined) {
        // What is missing at the end is reported behind the last line feed, where no line is any more.
        const line = lineAt(Math.min(error.pos[0], text.trimEnd().length));
        const what = error.code === 'RESOURCE_EXHAUSTION' ? tooDeep : error.message;
        throw broken(`${file}:${line}: ${what}`, error);
      }
      const line = lineAt(startOf(document.contents) ?? document.range[0]);
      const value = valueOf(document, (offset) => `${file}:${offset === undefined ? line : lineAt(offset)}`);
      return { value, line, lineOf: (steps) => lineOf(document, steps, { line, lineAt }) };
    });
  } catch (thrown) {
    if (thrown instanceof WeftError) throw thrown;
    // Left are aliases without anchor, and nesting that exhausts the stack.
    const what = thrown instanceof RangeError ? tooDeep : messageOf(thrown);
    throw broken(`${file}:1: ${what}`, thrown);
  }
}

/** What the document says, with its aliases filled in. `placeAt` tells file and line of an offset, or of the document. */
function valueOf(document: Document.Parsed, placeAt: (offset: number | undefined) => string): unknown {
  let last: number | undefined;
  visit(document, {
    Alias(_key, alias, path) {
      last = startOf(alias);
      const target = alias.resolve(document);
      if (target === undefined || !path.includes(target)) return;
      const what = `the alias *${alias.source} is a part of what it stands for`;
      throw broken(`${placeAt(last)}: ${what}`, undefined);
    },
  });
  try {
    return document.toJS({ maxAliasCount });
  } catch (thrown) {
    if (!(thrown instanceof ReferenceError)) throw thrown;
    const isTooMany = thrown.message.startsWith('Excessive alias count');
    const what = isTooMany
      ? `aliases stand for more than ${maxAliasCount} times what is written`
      : thrown.message;
    throw broken(`${placeAt(last)}: ${what}`, thrown);
  }
}

function broken(message: string, cause: unknown): WeftError {
  return new WeftError('invalid-manifest', message, { fault: 'input', cause });
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function lineOf(
  document: Document.Parsed,
  steps: readonly string[],
  { line, lineAt }: { line: number; lineAt: (offset: number) => number },
): number {
  let found = line;
  let node: unknown = document.contents;
  for (const step of steps) {
    const target: Node | undefined = isAlias(node) ? node.resolve(document) : isNode(node) ? node : undefined;
    if (!isCollection(target)) return found;
    const [start, next] = entryOf(target, step);
    if (start === undefined) return found;
    found = lineAt(start);
    node = next;
  }
  return found;
}

/** Where the entry of a map or list starts, and its value. */
function entryOf(node: Node, step: string): [start: number | undefined, value: unknown] {
  if (isSeq(node)) {
    const item = node.items[Number(step)];
    return [startOf(item), item];
  }
  if (!isMap(node)) return [undefined, undefined];
  const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === step);
  return [startOf(pair?.key), pair?.value];
}
