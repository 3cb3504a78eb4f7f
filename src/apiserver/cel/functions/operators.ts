import { CelError } from '../error.ts';
import { overload, textCost, type Overload, type Sized } from '../overload.ts';
import { areEqual, compareValues } from '../values/compare.ts';
import { sizeOfMap, valueOfKey } from '../values/maps.ts';
import { int64, uint64 } from '../values/numbers.ts';
import { duration, timestamp } from '../values/time.ts';
import {
  CelMap,
  isFields,
  none,
  Optional,
  Uint,
  type Duration,
  type Timestamp,
  type Value,
} from '../values/value.ts';

const readsShorter: Sized = ([one = 0, other = 0]) => Math.max(1, textCost(Math.min(one, other)));
const readsBoth: Sized = ([one = 0, other = 0]) => Math.max(1, textCost(one + other));
const both: Sized = ([one = 0, other = 0]) => one + other;
const readsSecond: Sized = ([, other = 0]) => other;

const ordered = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'timestamp', 'duration'];
const numbers = ['int', 'uint', 'double'];
const comparisons: readonly (readonly [string, (order: number) => boolean])[] = [
  ['_<_', (order) => order < 0],
  ['_<=_', (order) => order <= 0],
  ['_>_', (order) => order > 0],
  ['_>=_', (order) => order >= 0],
];

const comparisonOverloads: Overload[] = comparisons.flatMap(([name, holds]) =>
  ordered.flatMap((type) => {
    const against = numbers.includes(type) ? numbers : [type];
    return against.map((other) =>
      overload(
        `${name}(${type}, ${other}) -> bool`,
        (one: Value, two: Value) => holds(compareValues(one, two)),
        { cost: readsShorter },
      ),
    );
  }),
);

function divided(one: bigint, other: bigint): bigint {
  if (other === 0n) throw new CelError('division by zero');
  return int64(one / other);
}

function remainder(one: bigint, other: bigint): bigint {
  if (other === 0n) throw new CelError('modulus by zero');
  return one % other;
}

function unsigned(value: bigint): Uint {
  return new Uint(uint64(value));
}

const arithmetic: Overload[] = [
  overload('_+_(int, int) -> int', (one: bigint, other: bigint) => int64(one + other)),
  overload('_+_(uint, uint) -> uint', (one: Uint, other: Uint) => unsigned(one.value + other.value)),
  overload('_+_(double, double) -> double', (one: number, other: number) => one + other),
  overload('_+_(string, string) -> string', (one: string, other: string) => one + other, {
    cost: readsBoth,
    size: both,
  }),
  overload(
    '_+_(bytes, bytes) -> bytes',
    (one: Uint8Array, other: Uint8Array) => new Uint8Array(Buffer.concat([one, other])),
    { cost: readsBoth, size: both },
  ),
  overload('_+_(list<A>, list<A>) -> list<A>', (one: Value[], other: Value[]) => [...one, ...other], {
    size: both,
  }),
  overload('_+_(timestamp, duration) -> timestamp', (at: Timestamp, by: Duration) =>
    timestamp(at.ns + by.ns),
  ),
  overload('_+_(duration, timestamp) -> timestamp', (by: Duration, at: Timestamp) =>
    timestamp(at.ns + by.ns),
  ),
  overload('_+_(duration, duration) -> duration', (one: Duration, other: Duration) =>
    duration(one.ns + other.ns),
  ),
  overload('_-_(int, int) -> int', (one: bigint, other: bigint) => int64(one - other)),
  overload('_-_(uint, uint) -> uint', (one: Uint, other: Uint) => unsigned(one.value - other.value)),
  overload('_-_(double, double) -> double', (one: number, other: number) => one - other),
  overload('_-_(timestamp, timestamp) -> duration', (one: Timestamp, other: Timestamp) =>
    duration(one.ns - other.ns),
  ),
  overload('_-_(timestamp, duration) -> timestamp', (at: Timestamp, by: Duration) =>
    timestamp(at.ns - by.ns),
  ),
  overload('_-_(duration, duration) -> duration', (one: Duration, other: Duration) =>
    duration(one.ns - other.ns),
  ),
  overload('_*_(int, int) -> int', (one: bigint, other: bigint) => int64(one * other)),
  overload('_*_(uint, uint) -> uint', (one: Uint, other: Uint) => unsigned(one.value * other.value)),
  overload('_*_(double, double) -> double', (one: number, other: number) => one * other),
  overload('_/_(int, int) -> int', divided),
  overload('_/_(uint, uint) -> uint', (one: Uint, other: Uint) => unsigned(divided(one.value, other.value))),
  overload('_/_(double, double) -> double', (one: number, other: number) => one / other),
  overload('_%_(int, int) -> int', remainder),
  overload(
    '_%_(uint, uint) -> uint',
    (one: Uint, other: Uint) => new Uint(remainder(one.value, other.value)),
  ),
  overload('-_(int) -> int', (value: bigint) => int64(-value)),
  overload('-_(double) -> double', (value: number) => -value),
  overload('!_(bool) -> bool', (value: boolean) => !value),
];

/** The item of a list; an index may be any whole number. */
function itemAt(list: readonly Value[], index: Value): Value | undefined {
  const at = typeof index === 'number' ? index : Number(index instanceof Uint ? index.value : index);
  return Number.isInteger(at) ? list[at] : undefined;
}

function indexed(list: readonly Value[], index: Value): Value {
  const found = itemAt(list, index);
  if (found === undefined) throw new CelError(`index out of bounds: ${shownKey(index)}`);
  return found;
}

function keyed(map: Value, key: Value): Value {
  const found = valueOfKey(map, key);
  if (found === undefined) throw new CelError(`no such key: ${shownKey(key)}`);
  return found;
}

function shownKey(key: Value): string {
  return String(key instanceof Uint ? key.value : (key as string | bigint));
}

/** What is at a key or index of a value that may be either; undefined where nothing is. */
function anyAt(value: Value, key: Value): Value | undefined {
  if (Array.isArray(value)) return itemAt(value, key);
  return value instanceof CelMap || isFields(value) ? valueOfKey(value, key) : undefined;
}

function optionallyAt(value: Value, key: Value): Optional {
  const within = value instanceof Optional ? value.value : value;
  const found = within === undefined ? undefined : anyAt(within, key);
  return found === undefined ? none : new Optional(found);
}

const indexing: Overload[] = [
  overload('_[_](list<A>, int) -> A', indexed),
  overload('_[_](map<A, B>, A) -> B', keyed),
  overload('_[_](optional<list<A>>, int) -> optional<A>', optionallyAt),
  overload('_[_](optional<map<A, B>>, A) -> optional<B>', optionallyAt),
  overload('_[?_](list<A>, int) -> optional<A>', optionallyAt),
  overload('_[?_](map<A, B>, A) -> optional<B>', optionallyAt),
  overload('_[?_](optional<list<A>>, int) -> optional<A>', optionallyAt),
  overload('_[?_](optional<map<A, B>>, A) -> optional<B>', optionallyAt),
];

export const operators: readonly Overload[] = [
  overload('_==_(A, A) -> bool', areEqual, { cost: readsShorter }),
  overload('_!=_(A, A) -> bool', (one: Value, other: Value) => !areEqual(one, other), { cost: readsShorter }),
  overload(
    '@in(A, list<A>) -> bool',
    (value: Value, list: readonly Value[]) => list.some((item) => areEqual(item, value)),
    { cost: readsSecond },
  ),
  overload('@in(A, map<A, B>) -> bool', (key: Value, map: Value) => valueOfKey(map, key) !== undefined),
  overload('size(string) -> int', (text: string) => codePoints(text)),
  overload('size(bytes) -> int', (bytes: Uint8Array) => BigInt(bytes.length)),
  overload('size(list<A>) -> int', (list: readonly Value[]) => BigInt(list.length)),
  overload('size(map<A, B>) -> int', (map: Value) => BigInt(sizeOfMap(map))),
  overload('string.size() -> int', (text: string) => codePoints(text)),
  overload('bytes.size() -> int', (bytes: Uint8Array) => BigInt(bytes.length)),
  overload('list<A>.size() -> int', (list: readonly Value[]) => BigInt(list.length)),
  overload('map<A, B>.size() -> int', (map: Value) => BigInt(sizeOfMap(map))),
  ...comparisonOverloads,
  ...arithmetic,
  ...indexing,
];

function codePoints(text: string): bigint {
  let count = 0;
  for (const _ of text) count++;
  return BigInt(count);
}
