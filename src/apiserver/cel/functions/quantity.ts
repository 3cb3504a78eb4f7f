import { CelError } from '../error.ts';
import { overload, readsFirst, type Overload } from '../overload.ts';
import { int64, mostInt, leastInt } from '../values/numbers.ts';
import {
  addQuantities,
  approximate,
  compareQuantities,
  negated,
  parseQuantity,
  wholeOf,
} from '../values/quantity.ts';
import { compareSemver, normalizedSemver, parseSemver } from '../values/semver.ts';
import { Quantity, type Semver } from '../values/value.ts';

function quantityFrom(text: string): Quantity {
  const parsed = parseQuantity(text);
  if (parsed === undefined)
    throw new CelError(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
  return parsed;
}

function isInteger(quantity: Quantity): boolean {
  const whole = wholeOf(quantity);
  return whole !== undefined && whole <= mostInt && whole >= leastInt;
}

function integerIn(quantity: Quantity): bigint {
  const whole = wholeOf(quantity);
  if (whole === undefined) throw new CelError('cannot convert value to integer');
  return int64(whole, 'cannot convert value to integer');
}

const whole = (value: bigint): Quantity => new Quantity(value, 0);

function semverFrom(text: string): Semver {
  const parsed = parseSemver(text);
  if (parsed === undefined) throw new CelError(`invalid semantic version ${JSON.stringify(text)}`);
  return parsed;
}

const asSemver = (text: string, normalize: boolean): string => (normalize ? normalizedSemver(text) : text);

/** Kubernetes' quantity and semver libraries. */
export const quantity: readonly Overload[] = [
  overload('quantity(string) -> quantity', quantityFrom, { cost: readsFirst }),
  overload('isQuantity(string) -> bool', (text: string) => parseQuantity(text) !== undefined, {
    cost: readsFirst,
  }),
  overload('quantity.isInteger() -> bool', isInteger),
  overload('quantity.asInteger() -> int', integerIn),
  overload('quantity.asApproximateFloat() -> double', approximate),
  overload('quantity.sign() -> int', ({ value }: Quantity) => (value === 0n ? 0n : value < 0n ? -1n : 1n)),
  overload('quantity.add(quantity) -> quantity', addQuantities),
  overload('quantity.add(int) -> quantity', (one: Quantity, other: bigint) =>
    addQuantities(one, whole(other)),
  ),
  overload('quantity.sub(quantity) -> quantity', (one: Quantity, other: Quantity) =>
    addQuantities(one, negated(other)),
  ),
  overload('quantity.sub(int) -> quantity', (one: Quantity, other: bigint) =>
    addQuantities(one, whole(-other)),
  ),
  overload(
    'quantity.isLessThan(quantity) -> bool',
    (one: Quantity, other: Quantity) => compareQuantities(one, other) < 0,
  ),
  overload(
    'quantity.isGreaterThan(quantity) -> bool',
    (one: Quantity, other: Quantity) => compareQuantities(one, other) > 0,
  ),
  overload('quantity.compareTo(quantity) -> int', (one: Quantity, other: Quantity) =>
    BigInt(compareQuantities(one, other)),
  ),
  overload('semver(string) -> semver', semverFrom, { cost: readsFirst }),
  overload(
    'semver(string, bool) -> semver',
    (text: string, normalize: boolean) => semverFrom(asSemver(text, normalize)),
    {
      cost: readsFirst,
    },
  ),
  overload('isSemver(string) -> bool', (text: string) => parseSemver(text) !== undefined, {
    cost: readsFirst,
  }),
  overload(
    'isSemver(string, bool) -> bool',
    (text: string, normalize: boolean) => parseSemver(asSemver(text, normalize)) !== undefined,
    { cost: readsFirst },
  ),
  overload('semver.major() -> int', ({ numbers }: Semver) => numbers[0]),
  overload('semver.minor() -> int', ({ numbers }: Semver) => numbers[1]),
  overload('semver.patch() -> int', ({ numbers }: Semver) => numbers[2]),
  overload(
    'semver.isLessThan(semver) -> bool',
    (one: Semver, other: Semver) => compareSemver(one, other) < 0,
  ),
  overload(
    'semver.isGreaterThan(semver) -> bool',
    (one: Semver, other: Semver) => compareSemver(one, other) > 0,
  ),
  overload('semver.compareTo(semver) -> int', (one: Semver, other: Semver) =>
    BigInt(Math.sign(compareSemver(one, other))),
  ),
];
