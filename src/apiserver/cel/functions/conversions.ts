import { CelError } from '../error.ts';
import { overload, readsFirst, type Overload } from '../overload.ts';
import { typeNameOf } from '../type-names.ts';
import { int64, uint64 } from '../values/numbers.ts';
import { durationText, parseDuration, parseTimestamp, timestamp, timestampText } from '../values/time.ts';
import { TypeValue, Uint, type Duration, type Timestamp, type Value } from '../values/value.ts';

function wholeFrom(value: number): bigint {
  if (!Number.isFinite(value)) throw new CelError('integer overflow');
  return BigInt(Math.trunc(value));
}

function intFrom(text: string): bigint {
  if (!/^[+-]?\d{1,20}$/.test(text)) throw new CelError(`type conversion error from 'string' to 'int'`);
  return int64(BigInt(text.replace(/^\+/, '')));
}

function uintFrom(text: string): Uint {
  if (!/^\d{1,20}$/.test(text)) throw new CelError(`type conversion error from 'string' to 'uint'`);
  return new Uint(uint64(BigInt(text)));
}

function doubleFrom(text: string): number {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?(Inf(inity)?|NaN)$/i.test(text))
    throw new CelError(`type conversion error from 'string' to 'double'`);
  return Number(text.replace(/^([+-]?)inf(inity)?$/i, '$1Infinity').replace(/^[+-]?nan$/i, 'NaN'));
}

const truths = new Set(['true', 'True', 'TRUE', 't', 'T', '1']);
const falsehoods = new Set(['false', 'False', 'FALSE', 'f', 'F', '0']);

function boolFrom(text: string): boolean {
  if (truths.has(text)) return true;
  if (falsehoods.has(text)) return false;
  throw new CelError(`type conversion error from 'string' to 'bool'`);
}

function durationFrom(text: string): Duration {
  const parsed = parseDuration(text);
  if (parsed === undefined) throw new CelError(`time: invalid duration ${JSON.stringify(text)}`);
  return parsed;
}

function timestampFrom(text: string): Timestamp {
  const parsed = parseTimestamp(text);
  if (parsed === undefined) throw new CelError(`invalid timestamp ${JSON.stringify(text)}`);
  return parsed;
}

/** As Go writes a number with `%v`. */
export function doubleText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  const text = String(value);
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

function textFrom(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CelError('invalid UTF-8 in bytes, cannot convert to string');
  }
}

/** Conversions between types, by the name of the type that comes out. */
export const conversions: readonly Overload[] = [
  overload('int(int) -> int', (value: bigint) => value),
  overload('int(uint) -> int', ({ value }: Uint) => int64(value)),
  overload('int(double) -> int', (value: number) => int64(wholeFrom(value))),
  overload('int(string) -> int', intFrom, { cost: readsFirst }),
  overload('int(timestamp) -> int', ({ ns }: Timestamp) => ns / 1_000_000_000n),
  overload('int(duration) -> int', ({ ns }: Duration) => ns),
  overload('uint(uint) -> uint', (value: Uint) => value),
  overload('uint(int) -> uint', (value: bigint) => new Uint(uint64(value))),
  overload('uint(double) -> uint', (value: number) => new Uint(uint64(wholeFrom(value)))),
  overload('uint(string) -> uint', uintFrom, { cost: readsFirst }),
  overload('double(double) -> double', (value: number) => value),
  overload('double(int) -> double', Number),
  overload('double(uint) -> double', ({ value }: Uint) => Number(value)),
  overload('double(string) -> double', doubleFrom, { cost: readsFirst }),
  overload('bool(bool) -> bool', (value: boolean) => value),
  overload('bool(string) -> bool', boolFrom),
  overload('string(string) -> string', (text: string) => text, { size: ([size = 0]) => size }),
  overload('string(bool) -> string', String, { size: () => 5 }),
  overload('string(int) -> string', String, { size: () => 20 }),
  overload('string(uint) -> string', ({ value }: Uint) => String(value), { size: () => 20 }),
  overload('string(double) -> string', doubleText, { size: () => 32 }),
  overload('string(bytes) -> string', textFrom, { cost: readsFirst, size: ([size = 0]) => size }),
  overload('string(timestamp) -> string', timestampText, { size: () => 40 }),
  overload('string(duration) -> string', durationText, { size: () => 32 }),
  overload('bytes(bytes) -> bytes', (bytes: Uint8Array) => bytes),
  overload('bytes(string) -> bytes', (text: string) => new TextEncoder().encode(text), {
    cost: readsFirst,
    size: ([size = 0]) => 4 * size,
  }),
  overload('duration(duration) -> duration', (span: Duration) => span),
  overload('duration(string) -> duration', durationFrom),
  overload('timestamp(timestamp) -> timestamp', (at: Timestamp) => at),
  overload('timestamp(string) -> timestamp', timestampFrom),
  overload('timestamp(int) -> timestamp', (seconds: bigint) => timestamp(seconds * 1_000_000_000n)),
  overload('type(A) -> type', (value: Value) => new TypeValue(typeNameOf(value))),
  overload('dyn(A) -> dyn', (value: Value) => value),
];
