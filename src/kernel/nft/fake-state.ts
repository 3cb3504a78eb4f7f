import type { FakeStatement, FakeTableName } from './fake-skeleton.ts';
import { rejected } from './fake-tokens.ts';
import type { NftElement, NftSetType } from './port.ts';

export interface FakeSet {
  readonly type: NftSetType;
  /** By the bytes of the key. */
  readonly elements: Map<string, NftElement>;
}

export interface FakeTable extends FakeTableName {
  readonly sets: Map<string, FakeSet>;
  /** Rules of each chain, as text. */
  readonly chains: Map<string, string[]>;
}

/** The tables of a namespace, by `family name`. */
export type FakeTables = Map<string, FakeTable>;

export function tableKey({ family, table }: FakeTableName): string {
  return `${family} ${table}`;
}

/** The tables after a transaction of statements; the given ones are left alone. Throws `nft-rejected`. */
export function applyStatements(tables: FakeTables, statements: readonly FakeStatement[]): FakeTables {
  const copy: FakeTables = new Map([...tables].map(([key, table]) => [key, copyOf(table)]));
  for (const statement of statements) apply(copy, statement);
  for (const table of copy.values()) checkReferences(table);
  return copy;
}

function copyOf({ family, table, sets, chains }: FakeTable): FakeTable {
  const rules = [...chains].map(([name, texts]): [string, string[]] => [name, [...texts]]);
  return { family, table, sets: new Map(sets), chains: new Map(rules) };
}

function apply(tables: FakeTables, statement: FakeStatement): void {
  const key = tableKey(statement);
  const known = tables.get(key);
  if (statement.do === 'add-table') {
    const { family, table } = statement;
    if (known === undefined) tables.set(key, { family, table, sets: new Map(), chains: new Map() });
    return;
  }
  if (known === undefined) throw rejected(`no table ${key}`);
  if (statement.do === 'delete-table') {
    tables.delete(key);
  } else if (statement.do === 'flush-table') {
    for (const name of known.chains.keys()) known.chains.set(name, []);
  } else {
    applyInTable(known, statement);
  }
}

type InTable = Extract<FakeStatement, { readonly name: string }>;

function applyInTable({ sets, chains }: FakeTable, statement: InTable): void {
  const { name } = statement;
  switch (statement.do) {
    case 'add-set':
      addSet(sets, name, statement.type);
      return;
    case 'flush-set':
      sets.set(name, { type: present(sets, name).type, elements: new Map() });
      return;
    case 'delete-set':
      present(sets, name);
      sets.delete(name);
      return;
    case 'add-chain':
      if (!chains.has(name)) chains.set(name, []);
      return;
    case 'add-rule':
      present(chains, name).push(statement.words.join(' '));
      return;
    case 'flush-chain':
      present(chains, name).length = 0;
      return;
    case 'delete-chain':
      present(chains, name);
      chains.delete(name);
      return;
  }
}

function present<T>(things: ReadonlyMap<string, T>, name: string): T {
  const thing = things.get(name);
  if (thing === undefined) throw rejected(`no ${name}: No such file or directory`);
  return thing;
}

function addSet(sets: Map<string, FakeSet>, name: string, type: NftSetType): void {
  const known = sets.get(name);
  if (known === undefined) sets.set(name, { type, elements: new Map() });
  else if (!sameType(known.type, type)) throw rejected(`set ${name} has another type: File exists`);
}

/** Whether both say the same about a set. */
export function sameType(a: NftSetType, b: NftSetType): boolean {
  const text = ({ key, value = [], interval = false }: NftSetType): string =>
    `${key.join(' . ')} : ${value.join(' . ')} ${interval}`;
  return text(a) === text(b);
}

/** Everything that rules and elements name must be there: also what is deleted may not be in use. */
function checkReferences({ sets, chains }: FakeTable): void {
  for (const rule of [...chains.values()].flat()) {
    // `@nh,96,96` is no set but bytes of the packet.
    for (const [, set = ''] of rule.matchAll(/@(?![a-z]+,\d+,\d+)([^\s,]+)/g)) present(sets, set);
    for (const [, chain = ''] of rule.matchAll(/\b(?:jump|goto) ([^\s,]+)/g)) present(chains, chain);
  }
  for (const { elements } of sets.values()) {
    for (const chain of elements.values().map(chainOf)) if (chain !== undefined) present(chains, chain);
  }
}

/** The chain that an entry of a verdict map jumps or goes to. */
export function chainOf({ value }: NftElement): string | undefined {
  return value !== undefined && 'verdict' in value ? value.chain : undefined;
}
