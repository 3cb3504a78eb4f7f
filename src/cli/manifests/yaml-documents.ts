import {
  Composer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
  type CST,
  type Document,
  type Pair,
  type ScalarTag,
  type YAMLMap,
} from 'yaml';
import { messageOf, WeftError } from '../../lib/errors.ts';
import type { ManifestDocument } from './document.ts';
import { offsetOf, readValue, type YamlValue } from './yaml-value.ts';

const tooDeep = 'is nested too deep';

/** The syntax tree takes up to a few hundred bytes for each token. Ordinary manifests of 10 MB have fewer. */
const usualLimits = { mostTokens: 4_000_000, mostDocuments: 100_000 };
type Limits = typeof usualLimits;

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
 * twice, or aliases out of measure; `manifest-too-large` where the tree of it would take gigabytes.
 */
export function readYamlDocuments(
  text: string,
  file: string,
  limits: Limits = usualLimits,
): ManifestDocument[] {
  const lines = new LineCounter();
  const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line);
  try {
    const documents = parse(text, {
      ...limits,
      lines,
      tooLarge: (what) => tooLarge(`${file}:${lines.lineStarts.length}: more than ${what}`),
    });
    return documents.map((document) => {
      const [error] = document.errors;
      if (error !== undefined) {
        // What is missing at the end is reported behind the last line feed, where no line is any more.
        const line = lineAt(Math.min(error.pos[0], text.trimEnd().length));
        const what = error.code === 'RESOURCE_EXHAUSTION' ? tooDeep : error.message;
        throw broken(`${file}:${line}: ${what}`, error);
      }
      const line = lineAt(offsetOf(document.contents) ?? document.range[0]);
      const read = readValue(document, (offset, what) =>
        broken(`${file}:${offset === undefined ? line : lineAt(offset)}: ${what}`, undefined),
      );
      const places = createPlaces(document, read, { line, lineAt });
      return { value: read.value, line, lineOf: places };
    });
  } catch (thrown) {
    if (thrown instanceof WeftError) throw thrown;
    // Left is nesting that exhausts the stack.
    const what = thrown instanceof RangeError ? tooDeep : messageOf(thrown);
    throw broken(`${file}:1: ${what}`, thrown);
  }
}

interface Parsing extends Limits {
  /** Learns of the lines as they are read. */
  readonly lines: LineCounter;
  readonly tooLarge: (what: string) => WeftError;
}

function parse(text: string, parsing: Parsing): Document.Parsed[] {
  // `readValue` looks for keys that are given twice: the library compares each with each other one.
  const composer = new Composer({ customTags, uniqueKeys: false, prettyErrors: false });
  const documents: Document.Parsed[] = [];
  for (const document of composer.compose(tokensOf(text, parsing))) {
    documents.push(document);
    if (documents.length > parsing.mostDocuments)
      throw parsing.tooLarge(`${parsing.mostDocuments} documents`);
  }
  return documents;
}

/** What `Parser.parse` yields, as long as it is not too much. */
function* tokensOf(text: string, { lines, mostTokens, tooLarge: fail }: Parsing): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  let count = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (++count > mostTokens) throw fail(`${mostTokens} words and signs`);
    yield* parser.next(lexeme);
  }
  yield* parser.end();
}

function tooLarge(message: string): WeftError {
  return new WeftError('manifest-too-large', message, { fault: 'input', hint: 'split the file' });
}

function broken(message: string, cause: unknown): WeftError {
  return new WeftError('invalid-manifest', message, { fault: 'input', cause });
}

/** Tells the line of what steps lead to. The keys of a map are found by name once somebody asked for one of them. */
function createPlaces(
  document: Document.Parsed,
  { targetOf }: YamlValue,
  { line, lineAt }: { line: number; lineAt: (offset: number) => number },
): ManifestDocument['lineOf'] {
  const pairsOf = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();
  const indexed = (map: YAMLMap): ReadonlyMap<string, Pair> => {
    const known = pairsOf.get(map);
    if (known !== undefined) return known;
    const pairs = new Map(
      map.items.map((pair) => [String(isScalar(pair.key) ? pair.key.value : pair.key), pair] as const),
    );
    pairsOf.set(map, pairs);
    return pairs;
  };
  /** Where the entry of a map or list starts, and its value. */
  const entryOf = (node: unknown, step: string): [start: number | undefined, value: unknown] => {
    if (isSeq(node)) {
      const item = node.items[Number(step)];
      return [offsetOf(item), item];
    }
    const pair = isMap(node) ? indexed(node).get(step) : undefined;
    return [offsetOf(pair?.key), pair?.value];
  };
  return (steps) => {
    let found = line;
    let node: unknown = document.contents;
    for (const step of steps) {
      const [start, next] = entryOf(isAlias(node) ? targetOf(node) : node, step);
      if (start === undefined) return found;
      found = lineAt(start);
      node = next;
    }
    return found;
  };
}
