import { CelError } from '../error.ts';
import {
  CelMap,
  CidrValue,
  Duration,
  IpValue,
  isFields,
  Optional,
  Quantity,
  Semver,
  Timestamp,
  TypeValue,
  Uint,
  Url,
  type Value,
} from './value.ts';
import { compareQuantities } from './quantity.ts';
import { compareSemver } from './semver.ts';
import { entriesOf, sizeOfMap, valueOfKey } from './maps.ts';

/** Whether two values are equal: numbers by what they are worth, whatever their types, everything else within its type. */
export function areEqual(one: Value, other: Value): boolean {
  if (one === other) return true;
  const [a, b] = [numberOf(one), numberOf(other)];
  if (a !== undefined && b !== undefined) return compareNumbers(a, b) === 0;
  if (!isComposed(one) || !isComposed(other)) return false;
  if (Array.isArray(one)) return Array.isArray(other) && areEqualLists(one, other);
  if (isMap(one)) return isMap(other) && areEqualMaps(one, other);
  const pair = findPair(sames, one, other);
  return pair === undefined ? orderOf(one, other) === 0 : pair(one as never, other as never);
}

function isComposed(value: Value): value is Extract<Value, object> {
  return typeof value === 'object' && value !== null;
}

function areEqualLists(one: readonly Value[], other: readonly Value[]): boolean {
  return one.length === other.length && one.every((item, i) => areEqual(item, other[i] ?? null));
}

function isMap(value: Value): boolean {
  return value instanceof CelMap || isFields(value);
}

function areEqualMaps(one: Value, other: Value): boolean {
  if (sizeOfMap(one) !== sizeOfMap(other)) return false;
  for (const [key, value] of entriesOf(one)) {
    const found = valueOfKey(other, key);
    if (found === undefined || !areEqual(value, found)) return false;
  }
  return true;
}

type Class = abstract new (...args: never[]) => object;
type Table<R> = readonly (readonly [Class, (one: never, other: never) => R])[];

/** What to do with two values of one class. */
function findPair<R>(table: Table<R>, one: object, other: object): Table<R>[number][1] | undefined {
  return table.find(([type]) => one instanceof type && other instanceof type)?.[1];
}

function sameIp(one: IpValue, other: IpValue): boolean {
  return one.family === other.family && one.value === other.value;
}

function sameOptional({ value: one }: Optional, { value: other }: Optional): boolean {
  return one === undefined || other === undefined ? one === other : areEqual(one, other);
}

/** Equality of what has no order. */
const sames: Table<boolean> = [
  [Optional, sameOptional],
  [TypeValue, (one: TypeValue, other: TypeValue) => one.name === other.name],
  [Url, (one: Url, other: Url) => one.text === other.text],
  [IpValue, sameIp],
  [CidrValue, (one: CidrValue, other: CidrValue) => sameIp(one.ip, other.ip) && one.length === other.length],
];

const byTime = (one: Timestamp | Duration, other: Timestamp | Duration): number =>
  compareNumbers(one.ns, other.ns);

const orders: Table<number> = [
  [Uint8Array, (one: Uint8Array, other: Uint8Array) => Buffer.compare(one, other)],
  [Timestamp, byTime],
  [Duration, byTime],
  [Quantity, compareQuantities],
  [Semver, compareSemver],
];

/** Numbers as what compares exactly: bigint for whole ones. */
export function numberOf(value: Value): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof Uint ? value.value : undefined;
}

/** NaN is neither less nor more nor the same. */
function compareNumbers(one: bigint | number, other: bigint | number): number {
  if (one < other) return -1;
  if (one > other) return 1;
  // A bigint and a number of the same worth are neither less nor more than each other; NaN is not either.
  return one >= other ? 0 : Number.NaN;
}

/** Below, at or above 0 as `one` comes before, with or after `other`; throws where their types have no order. */
export function compareValues(one: Value, other: Value): number {
  const order = orderOf(one, other);
  if (order === undefined) throw new CelError('no such overload');
  return order;
}

function orderOf(one: Value, other: Value): number | undefined {
  if (typeof one === 'string' && typeof other === 'string') return compareTexts(one, other);
  const [a, b] = [numberOf(one), numberOf(other)];
  if (a !== undefined && b !== undefined) return compareNumbers(a, b);
  if (typeof one === 'boolean' && typeof other === 'boolean') return Number(one) - Number(other);
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return undefined;
  return findPair(orders, one, other)?.(one as never, other as never);
}

/** By code points, which is the order of their bytes in UTF-8. */
function compareTexts(one: string, other: string): number {
  if (one === other) return 0;
  const length = Math.min(one.length, other.length);
  for (let i = 0; i < length; i++) {
    const [a, b] = [one.charCodeAt(i), other.charCodeAt(i)];
    if (a === b) continue;
    // Surrogates stand for code points above all others of 16 bits.
    const [isHigh, isOtherHigh] = [a >= 0xd800 && a < 0xe000, b >= 0xd800 && b < 0xe000];
    if (isHigh === isOtherHigh) return a - b;
    return isHigh ? 1 : -1;
  }
  return one.length - other.length;
}
