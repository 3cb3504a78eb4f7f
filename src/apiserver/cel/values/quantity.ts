import { Quantity } from './value.ts';

const binary: Readonly<Record<string, bigint>> = {
  Ki: 2n ** 10n,
  Mi: 2n ** 20n,
  Gi: 2n ** 30n,
  Ti: 2n ** 40n,
  Pi: 2n ** 50n,
  Ei: 2n ** 60n,
};

const decimal: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

const syntax = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d{1,3})?$/;

/** A resource quantity as `100m` and `1.5Gi`; undefined where the text is none. */
export function parseQuantity(text: string): Quantity | undefined {
  if (text.length > 300) return undefined;
  const [match, sign = '', digits = '', suffix = ''] = syntax.exec(text) ?? [];
  if (match === undefined) return undefined;
  const [whole = '', fraction = ''] = digits.split('.');
  const value = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n) * (binary[suffix] ?? 1n);
  return normal(value, exponentOf(suffix) - fraction.length);
}

function exponentOf(suffix: string): number {
  if (/^[eE][+-]?\d/.test(suffix)) return Number(suffix.slice(1));
  return decimal[suffix] ?? 0;
}

/** Without zeros at the end, so that equal quantities are the same. */
function normal(value: bigint, exponent: number): Quantity {
  if (value === 0n) return new Quantity(0n, 0);
  let [v, e] = [value, exponent];
  while (v % 10n === 0n) [v, e] = [v / 10n, e + 1];
  return new Quantity(v, e);
}

/** Both as multiples of the same power of ten. */
function aligned(one: Quantity, other: Quantity): [one: bigint, other: bigint, exponent: number] {
  const exponent = Math.min(one.exponent, other.exponent);
  const scaled = ({ value, exponent: own }: Quantity): bigint => value * 10n ** BigInt(own - exponent);
  return [scaled(one), scaled(other), exponent];
}

export function compareQuantities(one: Quantity, other: Quantity): number {
  const [a, b] = aligned(one, other);
  return a < b ? -1 : a > b ? 1 : 0;
}

export function addQuantities(one: Quantity, other: Quantity): Quantity {
  const [a, b, exponent] = aligned(one, other);
  return normal(a + b, exponent);
}

export function negated({ value, exponent }: Quantity): Quantity {
  return new Quantity(-value, exponent);
}

/** As a whole number; undefined where it has a fraction. */
export function wholeOf({ value, exponent }: Quantity): bigint | undefined {
  return exponent < 0 ? undefined : value * 10n ** BigInt(exponent);
}

export function approximate({ value, exponent }: Quantity): number {
  return Number(`${value}e${exponent}`);
}
