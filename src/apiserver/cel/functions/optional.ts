import { CelError } from '../error.ts';
import { overload, type Overload } from '../overload.ts';
import { sizeOfMap } from '../values/maps.ts';
import { CelMap, Duration, isFields, none, Optional, Uint, type Value } from '../values/value.ts';

function isZero(value: Value): boolean {
  if (value === null || value === false || value === '' || value === 0 || value === 0n) return true;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof Duration) return value.ns === 0n;
  return (value instanceof CelMap || isFields(value)) && sizeOfMap(value) === 0;
}

function valueIn({ value }: Optional): Value {
  if (value === undefined) throw new CelError('optional.none() dereference');
  return value;
}

/** CEL's optional types. */
export const optional: readonly Overload[] = [
  overload('@optional.of(A) -> optional<A>', (value: Value) => new Optional(value)),
  overload('@optional.ofNonZeroValue(A) -> optional<A>', (value: Value) =>
    isZero(value) ? none : new Optional(value),
  ),
  overload('@optional.none() -> optional<A>', () => none),
  overload('optional<A>.hasValue() -> bool', ({ value }: Optional) => value !== undefined),
  overload('optional<A>.value() -> A', valueIn),
  overload('optional<A>.orValue(A) -> A', ({ value }: Optional, other: Value) => value ?? other),
  overload('optional<A>.or(optional<A>) -> optional<A>', (one: Optional, other: Optional) =>
    one.value === undefined ? other : one,
  ),
];
