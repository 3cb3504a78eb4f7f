import type { NftValue } from '../../../kernel/nft/port.ts';
import { parseAddress } from '../../../lib/address.ts';
import type { PlannedElement } from '../../elements/planned-elements.ts';

/** A new packet as the rules see it; the numbers of protocols are IANA's. */
export interface TracedPacket {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  /** The bytes where TCP and UDP have it. */
  readonly destinationPort: number;
}

export interface Trace {
  readonly verdict: 'pass' | 'drop';
  /** Prefixes of what was logged, in order. */
  readonly logged: readonly string[];
  /** How often something was looked up in a set. */
  readonly lookUps: number;
}

/** What the sets hold, from some look-up of a packet on. */
export interface ChangeOnTheWay {
  readonly sets: TracedSets;
  readonly behind: number;
}

/**
 * Runs a packet through the text of a table as the kernel does, statement by statement, with these elements in its
 * sets: an independent reading of nftables(8) for as much of it as the policy rules use. Throws `SyntaxError` for a
 * statement that it does not know, `RangeError` where two elements of a set answer differently.
 */
export function createTracer(
  skeleton: string,
  elements: Iterable<PlannedElement>,
): (chain: string, packet: TracedPacket, change?: ChangeOnTheWay) => Trace {
  const chains = chainsOf(skeleton);
  const sets = tracedSets(elements);
  return (chain, packet, change) => {
    const run: Run = { chains, sets, change, packet, mark: 0, logged: [], lookUps: 0 };
    const verdict = runChain(chain, run) === 'drop' ? 'drop' : 'pass';
    return { verdict, logged: run.logged, lookUps: run.lookUps };
  };
}

/** By `placeOf`. */
export type TracedSets = ReadonlyMap<string, readonly Entry[]>;

/** Elements as the tracer looks them up. */
export function tracedSets(elements: Iterable<PlannedElement>): TracedSets {
  // Which link a packet comes from is no question of policy.
  const traced = [...elements].filter(({ set }) => set !== 'pod-interfaces');
  return Map.groupBy(traced.map(entryOf), ({ place }) => place);
}

interface Run {
  readonly chains: ReadonlyMap<string, readonly string[]>;
  readonly sets: TracedSets;
  readonly change: ChangeOnTheWay | undefined;
  readonly packet: TracedPacket;
  mark: number;
  readonly logged: string[];
  lookUps: number;
}

function chainsOf(skeleton: string): Map<string, string[]> {
  const chains = [...skeleton.matchAll(/^ {2}chain (\S+) \{\n([^}]*)^ {2}\}/gm)];
  return new Map(
    chains.map(([, name = '', body = '']) => [
      name,
      body
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== ''),
    ]),
  );
}

type Ending = 'return' | 'drop' | 'accept';
/** What a statement leaves behind: the next one, the next rule, or an end. */
type Step = 'next' | 'break' | Ending;

function runChain(name: string, run: Run): Ending {
  const rules = run.chains.get(name);
  if (rules === undefined) throw new SyntaxError(`there is no chain ${name}`);
  for (const rule of rules) {
    const ending = runRule(rule, run);
    if (ending !== undefined) return ending;
  }
  return 'return';
}

function runRule(rule: string, run: Run): Ending | undefined {
  for (let rest = rule; rest !== '';) {
    const found = statements
      .map(({ pattern, step }) => ({ match: pattern.exec(rest), step }))
      .find(({ match }) => match !== null);
    if (found?.match == null) throw new SyntaxError(`the tracer does not know "${rest}"`);
    const step = found.step(found.match, run);
    if (step === 'break') return undefined;
    if (step !== 'next') return step;
    rest = rest.slice(found.match[0].length).trim();
  }
  return undefined;
}

const field = String.raw`(?:ip6?|meta|th) \w+`;
const fields = `${field}(?: \\. ${field})*`;

const statements: readonly {
  readonly pattern: RegExp;
  readonly step: (match: RegExpExecArray, run: Run) => Step;
}[] = [
  {
    pattern: /^log group \d+ prefix "([^"]+)" queue-threshold 1/,
    step([, prefix = ''], run) {
      run.logged.push(prefix);
      return 'next';
    },
  },
  { pattern: /^(return|drop|accept)\b/, step: ([, ending]) => ending as Ending },
  { pattern: /^goto (\S+)/, step: ([, chain = ''], run) => runChain(chain, run) },
  { pattern: /^jump (\S+)/, step: ([, chain = ''], run) => jump(chain, run) },
  {
    pattern: new RegExp(`^meta mark set (${fields}) map @(\\S+)`),
    step([, key = '', set = ''], run) {
      const value = lookUp(set, key, run)?.value;
      if (value === undefined || 'verdict' in value) return 'break';
      run.mark = Number(value[0]);
      return 'next';
    },
  },
  {
    pattern: new RegExp(`^(${fields}) vmap @(\\S+)`),
    step([, key = '', set = ''], run) {
      const value = lookUp(set, key, run)?.value;
      if (value === undefined || !('verdict' in value)) return 'break';
      const { verdict, chain = '' } = value;
      if (verdict === 'goto') return runChain(chain, run);
      return verdict === 'jump' ? jump(chain, run) : verdict;
    },
  },
  {
    pattern: /^meta mark set (\d+)/,
    step([, mark], run) {
      run.mark = Number(mark);
      return 'next';
    },
  },
  { pattern: /^meta mark (\d+)/, step: ([, mark], run) => (run.mark === Number(mark) ? 'next' : 'break') },
  {
    pattern: /^meta mark != (\d+)/,
    step: ([, mark], run) => (run.mark === Number(mark) ? 'break' : 'next'),
  },
  {
    pattern: new RegExp(`^(${fields}) @(\\S+)`),
    step: ([, key = '', set = ''], run) => (lookUp(set, key, run) === undefined ? 'break' : 'next'),
  },
];

function jump(chain: string, run: Run): Step {
  const ending = runChain(chain, run);
  return ending === 'return' ? 'next' : ending;
}

/** An element with its key as numbers. */
interface Entry {
  readonly place: string;
  readonly first: readonly bigint[];
  readonly last: readonly bigint[];
  readonly value: PlannedElement['value'];
}

/** All sets of these tables have one value in the first field of a key, ranges in others at most. */
const placeOf = (set: string, [first]: readonly bigint[]): string => `${set} ${first}`;

function entryOf({ set, key, keyEnd = key, value }: PlannedElement): Entry {
  const first = key.map(numberOf);
  const last = keyEnd.map(numberOf);
  if (first[0] !== last[0] || first.length !== last.length) throw new RangeError(`a key of ${set}`);
  return { place: placeOf(set, first), first, last, value };
}

/** The element of the set that holds the packet's fields: in a set with intervals, each field has a range of its own. */
function lookUp(set: string, key: string, run: Run): Entry | undefined {
  const values = key.split(' . ').map((name) => fieldOf(name, run));
  const { change } = run;
  const sets = change !== undefined && run.lookUps >= change.behind ? change.sets : run.sets;
  run.lookUps += 1;
  const found = (sets.get(placeOf(set, values)) ?? []).filter(({ first, last }) =>
    values.every((value, index) => (first[index] ?? 0n) <= value && value <= (last[index] ?? 0n)),
  );
  const answers = new Set(found.map(({ value }) => JSON.stringify(value)));
  if (answers.size > 1) throw new RangeError(`two elements of ${set} hold ${key}: ${[...answers].join()}`);
  return found[0];
}

function fieldOf(name: string, { packet, mark }: Run): bigint {
  const values: Readonly<Record<string, NftValue>> = {
    'ip saddr': packet.source,
    'ip daddr': packet.destination,
    'meta mark': mark,
    'meta l4proto': packet.protocol,
    'th dport': packet.destinationPort,
  };
  const value = values[name.replace('ip6 ', 'ip ')];
  if (value === undefined) throw new SyntaxError(`the tracer does not know the field ${name}`);
  return numberOf(value);
}

const protocols: Readonly<Record<string, bigint>> = { tcp: 6n, udp: 17n, sctp: 132n };

function numberOf(value: NftValue): bigint {
  if (typeof value !== 'string') return BigInt(value);
  const number = protocols[value] ?? parseAddress(value)?.value;
  if (number === undefined) throw new RangeError(`${value} is neither an address nor a protocol`);
  return number;
}
