import { CelError } from '../error.ts';
import { overload, type Overload, type Sized } from '../overload.ts';
import { areEqual, compareValues } from '../values/compare.ts';
import { int64, uint64 } from '../values/numbers.ts';
import { duration } from '../values/time.ts';
import { none, Optional, Uint, type Duration, type Value } from '../values/value.ts';

const walk: Sized = ([size = 0]) => size;
const pairs: Sized = ([one = 0, other = 0]) => one * other;
const first: Sized = ([size = 0]) => size;

function isSorted(list: readonly Value[]): boolean {
  return list.every((item, i) => i === 0 || compareValues(list[i - 1] ?? null, item) <= 0);
}

function extreme(list: readonly Value[], sign: 1 | -1): Value {
  const [head, ...rest] = list;
  if (head === undefined) throw new CelError(`${sign === 1 ? 'max' : 'min'} called on empty list`);
  return rest.reduce((best, item) => (compareValues(item, best) * sign > 0 ? item : best), head);
}

function indexIn(list: readonly Value[], value: Value): bigint {
  return BigInt(list.findIndex((item) => areEqual(item, value)));
}

function lastIndexIn(list: readonly Value[], value: Value): bigint {
  return BigInt(list.findLastIndex((item) => areEqual(item, value)));
}

function contains(list: readonly Value[], part: readonly Value[]): boolean {
  return part.every((value) => list.some((item) => areEqual(item, value)));
}

function distinct(list: readonly Value[]): Value[] {
  const kept: Value[] = [];
  for (const item of list) if (!kept.some((one) => areEqual(one, item))) kept.push(item);
  return kept;
}

function sliced(list: readonly Value[], from: bigint, to: bigint): Value[] {
  if (from < 0n || to < 0n)
    throw new CelError(`cannot slice(${from}, ${to}), negative indexes not supported`);
  if (from > to)
    throw new CelError(`cannot slice(${from}, ${to}), start index must be less than or equal to end index`);
  if (to > list.length) throw new CelError(`cannot slice(${from}, ${to}), list is length ${list.length}`);
  return list.slice(Number(from), Number(to));
}

function flattened(list: readonly Value[], depth: bigint): Value[] {
  if (depth < 0n) throw new CelError('level must be non-negative');
  return list.flatMap((item) => (Array.isArray(item) && depth > 0n ? flattened(item, depth - 1n) : [item]));
}

const longestRange = 1_000_000n;

function range(size: bigint): bigint[] {
  if (size > longestRange) throw new CelError(`lists.range(${size}) is too long`);
  return Array.from({ length: Number(size) }, (_, i) => BigInt(i));
}

/** The items in the order of their keys. */
function sortedBy(list: readonly Value[], keys: readonly Value[]): Value[] {
  const places = list.map((_, i) => i);
  places.sort((one, other) => compareValues(keys[one] ?? null, keys[other] ?? null));
  return places.map((i) => list[i] ?? null);
}

const endOf = (list: readonly Value[], at: 0 | -1): Optional =>
  list.length === 0 ? none : new Optional(list.at(at));
const squared: Sized = ([size = 0]) => size * size;

const ordered = ['int', 'uint', 'double', 'bool', 'string', 'bytes', 'timestamp', 'duration'];

/** Kubernetes' lists library and CEL's sets extension. */
export const lists: readonly Overload[] = [
  ...ordered.flatMap((type) => [
    overload(`list<${type}>.isSorted() -> bool`, isSorted, { cost: walk }),
    overload(`list<${type}>.min() -> ${type}`, (list: readonly Value[]) => extreme(list, -1), { cost: walk }),
    overload(`list<${type}>.max() -> ${type}`, (list: readonly Value[]) => extreme(list, 1), { cost: walk }),
  ]),
  overload(
    'list<int>.sum() -> int',
    (list: readonly bigint[]) => list.reduce((sum, one) => int64(sum + one), 0n),
    {
      cost: walk,
    },
  ),
  overload(
    'list<uint>.sum() -> uint',
    (list: readonly Uint[]) => new Uint(list.reduce((sum, { value }) => uint64(sum + value), 0n)),
    { cost: walk },
  ),
  overload(
    'list<double>.sum() -> double',
    (list: readonly number[]) => list.reduce((sum, one) => sum + one, 0),
    {
      cost: walk,
    },
  ),
  overload(
    'list<duration>.sum() -> duration',
    (list: readonly Duration[]) => duration(list.reduce((sum, { ns }) => sum + ns, 0n)),
    { cost: walk },
  ),
  overload('list<A>.indexOf(A) -> int', indexIn, { cost: walk }),
  overload('list<A>.lastIndexOf(A) -> int', lastIndexIn, { cost: walk }),
  overload('@sets.contains(list<A>, list<A>) -> bool', contains, { cost: pairs }),
  overload(
    '@sets.equivalent(list<A>, list<A>) -> bool',
    (one: readonly Value[], other: readonly Value[]) => contains(one, other) && contains(other, one),
    { cost: pairs },
  ),
  overload(
    '@sets.intersects(list<A>, list<A>) -> bool',
    (one: readonly Value[], other: readonly Value[]) =>
      one.some((item) => other.some((it) => areEqual(it, item))),
    { cost: pairs },
  ),
  overload('list<list<A>>.flatten() -> list<A>', (list: readonly Value[]) => flattened(list, 1n), {
    cost: walk,
  }),
  overload('list<dyn>.flatten(int) -> list<dyn>', flattened, { cost: walk }),
  overload('list<A>.distinct() -> list<A>', distinct, { cost: squared, size: first }),
  overload('list<A>.slice(int, int) -> list<A>', sliced, { cost: walk, size: first }),
  overload('list<A>.reverse() -> list<A>', (list: readonly Value[]) => list.toReversed(), {
    cost: walk,
    size: first,
  }),
  overload('list<A>.sort() -> list<A>', (list: readonly Value[]) => sortedBy(list, list), {
    cost: squared,
    size: first,
  }),
  overload('list<A>.@sortByAssociatedKeys(list<B>) -> list<A>', sortedBy, { cost: squared, size: first }),
  overload('list<A>.first() -> optional<A>', (list: readonly Value[]) => endOf(list, 0)),
  overload('list<A>.last() -> optional<A>', (list: readonly Value[]) => endOf(list, -1)),
  overload('@lists.range(int) -> list<int>', range),
];
