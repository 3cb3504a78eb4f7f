import { WeftError } from '../../lib/errors.ts';
import type { NetworkNamespaces } from '../netns/port.ts';
import { decodeElements, encodeElement } from './element-codec.ts';
import { parseSkeleton, type FakeTableName } from './fake-skeleton.ts';
import {
  applyStatements,
  chainOf,
  sameType,
  tableKey,
  type FakeSet,
  type FakeTable,
  type FakeTables,
} from './fake-state.ts';
import { setNameText } from './families.ts';
import type {
  NftElement,
  NftElementChange,
  Nftables,
  NftFamily,
  NftSetName,
  NftSetType,
  NftTableName,
} from './port.ts';
import { digestOf } from './rules-digest.ts';
import { refusal } from './refusal.ts';
import { encodeValues } from './values.ts';

/** nftables in memory: no packets, but the kernel's rules about what can be declared, added and deleted. */
export interface FakeNftables extends Nftables {
  /** Rules of a chain as text, in order; undefined when there is no such chain. */
  rules(namespace: string, table: FakeTableName, chain: string): readonly string[] | undefined;
}

/** With `namespaces`, names that are not there throw as in the real adapter; without, any name is good. */
export function createFakeNftables(
  dependencies: { readonly namespaces?: Pick<NetworkNamespaces, 'open'> } = {},
): FakeNftables {
  return new InMemoryNftables(dependencies.namespaces);
}

class InMemoryNftables implements FakeNftables {
  readonly #namespaces: Pick<NetworkNamespaces, 'open'> | undefined;
  readonly #state = new Map<string, FakeTables>();
  readonly #generations = new Map<string, number>();

  constructor(namespaces: Pick<NetworkNamespaces, 'open'> | undefined) {
    this.#namespaces = namespaces;
  }

  run(namespace: string, commands: string): void {
    this.#state.set(namespace, applyStatements(this.#tables(namespace), parseSkeleton(commands)));
    this.#committed(namespace);
  }

  change(namespace: string, changes: readonly NftElementChange[]): void {
    const tables = this.#tables(namespace);
    const edited = new Map<
      string,
      { readonly table: FakeTable; readonly name: string; readonly set: FakeSet }
    >();
    for (const change of changes) {
      const table = tables.get(tableKey(change));
      const known = table?.sets.get(change.set);
      if (table === undefined || known === undefined) throw refusal('ENOENT', { change, exact: false });
      const name = setNameText(change);
      const set = edited.get(name)?.set ?? { type: known.type, elements: new Map(known.elements) };
      edited.set(name, { table, name: change.set, set });
      applyChange(table, set, change);
    }
    for (const { table, name, set } of edited.values()) table.sets.set(name, set);
    if (changes.length > 0) this.#committed(namespace);
  }

  elements(namespace: string, name: NftSetName, type: NftSetType): NftElement[] {
    const set = this.#tables(namespace).get(tableKey(name))?.sets.get(name.set);
    if (set === undefined) throw new WeftError('nft-missing', `${namespace} has no set ${setNameText(name)}`);
    if (!sameType(set.type, type))
      throw new WeftError('nft-malformed', `${setNameText(name)} has another type`);
    return [...set.elements.values()];
  }

  holds(namespace: string, name: NftSetName, type: NftSetType, wanted: Iterable<NftElement>): boolean {
    const textOf = (element: NftElement): string => `${keyText(element)} ${JSON.stringify(element.value)}`;
    const held = new Set(this.elements(namespace, name, type).map(textOf));
    const canonical = [...wanted].flatMap((element) => canonicalOf(type, element));
    return canonical.length === held.size && canonical.every((element) => held.has(textOf(element)));
  }

  rulesDigest(namespace: string, table: NftTableName): number {
    const chains = this.#tables(namespace).get(tableKey(table))?.chains ?? new Map<string, string[]>();
    return digestOf([...chains].flatMap(([chain, rules]) => rules.map((rule) => `${chain} ${rule}`)));
  }

  generation(namespace: string): number {
    this.#namespaces?.open(namespace);
    return this.#generations.get(namespace) ?? 1;
  }

  tables(namespace: string, family: NftFamily): string[] {
    return [...this.#tables(namespace).values()].flatMap((table) =>
      table.family === family ? [table.table] : [],
    );
  }

  rules(namespace: string, table: FakeTableName, chain: string): readonly string[] | undefined {
    return this.#tables(namespace).get(tableKey(table))?.chains.get(chain);
  }

  forget(): void {}

  close(): void {}

  #committed(namespace: string): void {
    this.#generations.set(namespace, this.generation(namespace) + 1);
  }

  #tables(namespace: string): FakeTables {
    this.#namespaces?.open(namespace);
    const tables = this.#state.get(namespace) ?? new Map<string, FakeTable>();
    this.#state.set(namespace, tables);
    return tables;
  }
}

function applyChange(table: FakeTable, set: FakeSet, change: NftElementChange): void {
  const { action, element, type } = change;
  const blame = (errno: string): WeftError => refusal(errno, { change, exact: true });
  if (!sameType(set.type, type)) throw blame('EINVAL');
  const [canonical] = canonicalOf(type, element);
  if (canonical === undefined) throw blame('EINVAL');
  const key = keyText(canonical);
  if (action === 'delete') {
    if (!set.elements.delete(key)) throw blame('ENOENT');
    return;
  }
  const chain = chainOf(canonical);
  if (chain !== undefined && !table.chains.has(chain)) throw blame('ENOENT');
  const present = set.elements.get(key);
  if (present === undefined) {
    if (overlapsAny(set, canonical)) throw blame('EEXIST');
    set.elements.set(key, canonical);
  } else if (JSON.stringify(present.value) !== JSON.stringify(canonical.value)) {
    throw blame('EEXIST');
  }
}

/** As the kernel will give it back: canonical addresses, no end where it is the key. */
function canonicalOf(type: NftSetType, element: NftElement): NftElement[] {
  return decodeElements(type, encodeElement(type, element));
}

function keyText({ key, keyEnd = key }: NftElement): string {
  return `${key.join(' . ')} - ${keyEnd.join(' . ')}`;
}

function overlapsAny({ type, elements }: FakeSet, element: NftElement): boolean {
  return type.interval === true && elements.values().some((other) => overlap(type, element, other));
}

/**
 * Whether two intervals have a key in common: in every component. The kernel looks only whether the new one's first or
 * last key is taken; what slips through is a mistake all the same, for which interval is found is then undefined.
 */
function overlap({ key: types }: NftSetType, a: NftElement, b: NftElement): boolean {
  return types.every((type, index) => {
    const bytesOf = (values: NftElement['key']): Buffer =>
      encodeValues([type], [values[index] ?? ''], { markOrder: 'network' });
    const [aEnd, bEnd] = [bytesOf(a.keyEnd ?? a.key), bytesOf(b.keyEnd ?? b.key)];
    return Buffer.compare(bytesOf(a.key), bEnd) <= 0 && Buffer.compare(bytesOf(b.key), aEnd) <= 0;
  });
}
