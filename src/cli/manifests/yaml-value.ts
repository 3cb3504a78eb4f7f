import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Alias,
  type Document,
  type Node,
  type YAMLMap,
} from 'yaml';

/** Whatever reads a document walks through its aliases: they may add so many values to those that are written. */
const mostAdded = 100_000;

/** What a document says. */
export interface YamlValue {
  readonly value: unknown;
  /** What an alias stands for. */
  readonly targetOf: (alias: Alias) => Node | undefined;
}

/** Makes the error for something that is wrong at an offset of the text; undefined where it has no place. */
export type Fail = (offset: number | undefined, what: string) => Error;

/**
 * The value of a document, in one walk: aliases are filled in, as the same object wherever one stands, and so are merge
 * keys (`<<`). The library's own way there costs the whole document for each alias and each key. Throws what `fail`
 * makes of a key that is given twice or is no text, of an alias without anchor or within what it stands for, and of
 * aliases that add too much; RangeError where the nesting exhausts the stack.
 */
export function readValue(document: Document.Parsed, fail: Fail): YamlValue {
  const reader = new Reader(fail);
  const value = reader.read(document.contents);
  return { value, targetOf: (alias) => reader.targets.get(alias) };
}

interface Done {
  readonly value: unknown;
  /** How many values it is, with those that its aliases stand for. */
  readonly size: number;
}

class Reader {
  readonly targets = new Map<Alias, Node>();
  readonly #fail: Fail;
  /** The last node with an anchor so far. */
  readonly #anchors = new Map<string, Node>();
  /** Nodes with anchors that have been read; undefined while they are. */
  readonly #done = new Map<Node, Done | undefined>();
  #size = 0;
  #added = 0;

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  read(node: unknown): unknown {
    if (!isNode(node)) return null;
    if (isAlias(node)) return this.#follow(node);
    const before = this.#size++;
    if (node.anchor === undefined) return this.#own(node);
    this.#anchors.set(node.anchor, node);
    this.#done.set(node, undefined);
    const value = this.#own(node);
    this.#done.set(node, { value, size: this.#size - before });
    return value;
  }

  #own(node: Node): unknown {
    if (isSeq(node)) return node.items.map((item) => this.read(item));
    if (isMap(node)) return this.#map(node);
    return isScalar(node) ? node.value : null;
  }

  #follow(alias: Alias): unknown {
    const { source } = alias;
    const target = this.#anchors.get(source);
    if (target === undefined) {
      throw this.#fail(
        offsetOf(alias),
        `Unresolved alias (the anchor must be set before the alias): ${source}`,
      );
    }
    const done = this.#done.get(target);
    if (done === undefined)
      throw this.#fail(offsetOf(alias), `the alias *${source} is a part of what it stands for`);
    this.targets.set(alias, target);
    this.#add(done.size, alias);
    return done.value;
  }

  #map({ items }: YAMLMap): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    const given = new Set<string>();
    for (const { key, value } of items) {
      const name = this.#key(key);
      if (given.has(name)) throw this.#fail(offsetOf(key), 'Map keys must be unique');
      given.add(name);
      if (isMergeKey(key)) this.#merge(result, value);
      else define(result, name, this.read(value));
    }
    return result;
  }

  #key(key: unknown): string {
    const value = this.read(key);
    if (value === null || value === undefined) return '';
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      return String(value);
    throw this.#fail(offsetOf(key), 'a key is no text');
  }

  /** What is given by itself stays; of several sources the first counts. */
  #merge(into: Record<string, unknown>, source: unknown): void {
    const value = this.read(source);
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof one !== 'object' || one === null || Array.isArray(one)) {
        throw this.#fail(offsetOf(source), 'Merge sources must be maps or map aliases');
      }
      const entries = Object.entries(one);
      this.#add(entries.length, source);
      for (const [name, merged] of entries) if (!Object.hasOwn(into, name)) define(into, name, merged);
    }
  }

  #add(count: number, node: unknown): void {
    this.#size += count;
    this.#added += count;
    if (this.#added <= mostAdded) return;
    throw this.#fail(offsetOf(node), `aliases add more than ${mostAdded} values to what is written`);
  }
}

/** Only a plain one: a quoted `<<` is a key like any other. */
const isMergeKey = (key: unknown): boolean => isScalar(key) && key.value === '<<' && key.type === 'PLAIN';

/** Names that objects of JavaScript have are names like any other here. */
function define(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name in object)
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  else object[name] = value;
}

/** Where a node starts. */
export function offsetOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
