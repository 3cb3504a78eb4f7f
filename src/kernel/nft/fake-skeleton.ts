import { NftTokens, rejected } from './fake-tokens.ts';
import type { NftFamily, NftSetType, NftType } from './port.ts';

/** Where a statement applies. */
export interface FakeTableName {
  readonly family: NftFamily;
  readonly table: string;
}

/** What the fake understands of nft's language; anything else throws. */
export type FakeStatement = FakeTableName &
  (
    | { readonly do: 'add-table' }
    | { readonly do: 'delete-table' }
    | { readonly do: 'flush-table' }
    | {
        readonly do: 'add-chain' | 'delete-chain' | 'flush-chain' | 'delete-set' | 'flush-set';
        readonly name: string;
      }
    | { readonly do: 'add-set'; readonly name: string; readonly type: NftSetType }
    | { readonly do: 'add-rule'; readonly name: string; readonly words: readonly string[] }
  );

/**
 * Reads skeleton text: `table` blocks with sets, maps and chains, and the commands add, flush and delete of tables,
 * chains, sets, maps and rules. Rules are kept as words and not understood. Throws `nft-rejected`.
 */
export function parseSkeleton(text: string): FakeStatement[] {
  const tokens = new NftTokens(text);
  const statements: FakeStatement[] = [];
  for (tokens.skipEnds(); tokens.peek() !== undefined; tokens.skipEnds()) statements.push(...command(tokens));
  return statements;
}

/** Commands that take a name and nothing else, by their words. */
const plain = {
  'delete chain': 'delete-chain',
  'flush chain': 'flush-chain',
  'delete set': 'delete-set',
  'delete map': 'delete-set',
  'flush set': 'flush-set',
  'flush map': 'flush-set',
} as const;

function command(tokens: NftTokens): FakeStatement[] {
  const word = tokens.next();
  if (word === 'table') return tableBlock(tokens);
  const object = tokens.next();
  const words = `${word} ${object}`;
  if (words === 'add table') return tableBlock(tokens);
  const at = tableName(tokens);
  if (words === 'delete table') return [{ ...at, do: 'delete-table' }];
  if (words === 'flush table') return [{ ...at, do: 'flush-table' }];
  if (words === 'add chain') return chain(tokens, at);
  if (words === 'add set' || words === 'add map') return [set(tokens, at, object)];
  const thing = name(tokens.next());
  if (words === 'add rule') return [{ ...at, do: 'add-rule', name: thing, words: tokens.statement() }];
  const known = Object.entries(plain).find(([text]) => text === words);
  if (known === undefined) throw rejected(`the fake does not know ${words}`);
  return [{ ...at, do: known[1], name: thing }];
}

function tableName(tokens: NftTokens): FakeTableName {
  const word = tokens.next();
  if (word === 'ip' || word === 'ip6' || word === 'inet') return { family: word, table: name(tokens.next()) };
  // Without a family nft means ip.
  return { family: 'ip', table: name(word) };
}

function tableBlock(tokens: NftTokens): FakeStatement[] {
  const at = tableName(tokens);
  const statements: FakeStatement[] = [{ ...at, do: 'add-table' }];
  if (!tokens.take('{')) return statements;
  for (tokens.skipEnds(); !tokens.take('}'); tokens.skipEnds()) {
    const object = tokens.next();
    if (object === 'set' || object === 'map') statements.push(set(tokens, at, object));
    else if (object === 'chain') statements.push(...chain(tokens, at));
    else throw rejected(`the fake does not know ${object} in a table`);
  }
  return statements;
}

function chain(tokens: NftTokens, at: FakeTableName): FakeStatement[] {
  const chainName = name(tokens.next());
  const statements: FakeStatement[] = [{ ...at, do: 'add-chain', name: chainName }];
  if (!tokens.take('{')) return statements;
  for (tokens.skipEnds(); !tokens.take('}'); tokens.skipEnds()) {
    const words = tokens.statement();
    const isHead = words[0] === 'type' || words[0] === 'policy' || words[0] === 'comment';
    if (!isHead) statements.push({ ...at, do: 'add-rule', name: chainName, words });
    else if (words[0] === 'type') checkHook(words);
  }
  return statements;
}

const hooks = ['prerouting', 'input', 'forward', 'output', 'postrouting'];

/** `type filter hook input priority 0` */
function checkHook([, type = '', hookWord, hook = '', priorityWord, ...priority]: readonly string[]): void {
  const known = ['filter', 'nat', 'route'].includes(type) && hookWord === 'hook' && hooks.includes(hook);
  if (!known || priorityWord !== 'priority' || priority.length === 0) throw rejected(`hook ${type} ${hook}`);
}

function set(tokens: NftTokens, at: FakeTableName, object: string): FakeStatement {
  const setName = name(tokens.next());
  tokens.expect('{');
  let types: readonly [string[], string[]] | undefined;
  let interval = false;
  for (tokens.skipEnds(); !tokens.take('}'); tokens.skipEnds()) {
    const [property, ...words] = tokens.statement();
    if (property === 'type') types = splitTypes(words);
    else if (property === 'typeof') types = splitTypes(words, typeOfExpression);
    else if (property === 'flags') interval = words.join(' ').split(/[ ,]+/).includes('interval');
    else if (!['timeout', 'gc-interval', 'size', 'policy', 'comment'].includes(property ?? '')) {
      throw rejected(`the fake does not know ${property} in a set`);
    }
  }
  if (types === undefined || types[1].length > 0 !== (object === 'map'))
    throw rejected(`type of ${object} ${setName}`);
  const [key, value] = [types[0].map(typeName), types[1].map(typeName)];
  const type = { key, ...(value.length > 0 && { value }), ...(interval && { interval }) };
  return { ...at, do: 'add-set', name: setName, type };
}

/** Types of key and value of `ipv4_addr . inet_service : mark`. */
function splitTypes(
  words: readonly string[],
  typeOf = (word: string): string => word,
): readonly [string[], string[]] {
  const [key = '', value = ''] = words.join(' ').split(':');
  const components = (text: string): string[] =>
    text.trim() === '' ? [] : text.split('.').map((part) => typeOf(part.trim()));
  return [components(key), components(value)];
}

/** What `typeof` may name here, for the types that have no name of their own and those beside them. */
const expressionTypes: Readonly<Record<string, NftType>> = {
  'meta mark': 'mark',
  'ip saddr': 'ipv4_addr',
  'ip daddr': 'ipv4_addr',
  'ip6 daddr': 'ipv6_addr',
  'th dport': 'inet_service',
  '@nh,96,96': 'bytes12',
};

function typeOfExpression(expression: string): string {
  const known = expressionTypes[expression.replaceAll(/ *, */g, ',')];
  if (known === undefined) throw rejected(`typeof ${expression}`);
  return known;
}

const typeNames: readonly NftType[] = [
  'ipv4_addr',
  'ipv6_addr',
  'inet_proto',
  'inet_service',
  'mark',
  'ifname',
  'bytes12',
  'verdict',
];

function typeName(word: string): NftType {
  const known = typeNames.find((type) => type === word);
  if (known === undefined) throw rejected(`type ${word}`);
  return known;
}

/** nft takes letters, digits and `/\_.-`, beginning with a letter; `fwd` and other keywords it does not take. */
function name(word: string): string {
  if (!/^[A-Za-z][\w/\\.-]{0,127}$/.test(word) || keywords.includes(word)) throw rejected(`name ${word}`);
  return word;
}

const keywords = [
  'accept',
  'drop',
  'return',
  'jump',
  'goto',
  'fwd',
  'dup',
  'log',
  'reject',
  'masquerade',
  'counter',
];
