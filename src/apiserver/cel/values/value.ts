import type { Family } from '../../../lib/address.ts';
import { CelError } from '../error.ts';

/**
 * A value of CEL. An int is a bigint, a double a number; a list an array; a map the plain object that data is, or a
 * CelMap that an expression made. Everything else has a class.
 */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | readonly Value[]
  | { readonly [field: string]: Value }
  | CelMap
  | Uint
  | Timestamp
  | Duration
  | Optional
  | TypeValue
  | Opaque;

export class Uint {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

/** A moment, in nanoseconds since 1970. */
export class Timestamp {
  readonly ns: bigint;
  constructor(ns: bigint) {
    this.ns = ns;
  }
}

/** A span of time in nanoseconds. */
export class Duration {
  readonly ns: bigint;
  constructor(ns: bigint) {
    this.ns = ns;
  }
}

/** A value that may be missing. */
export class Optional {
  readonly value: Value | undefined;
  constructor(value: Value | undefined) {
    this.value = value;
  }
}

export const none = new Optional(undefined);

/** What `type(x)` is. */
export class TypeValue {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A value of one of Kubernetes' own types; what it is made of is its library's business. */
export type Opaque = Url | IpValue | CidrValue | Quantity | Semver | Format;

export class Url {
  readonly text: string;
  readonly url: URL;
  /** Whether the text is only a path. */
  readonly isPath: boolean;
  constructor(text: string, url: URL, isPath: boolean) {
    this.text = text;
    this.url = url;
    this.isPath = isPath;
  }
}

export class IpValue {
  readonly family: Family;
  readonly value: bigint;
  constructor(family: Family, value: bigint) {
    this.family = family;
    this.value = value;
  }
}

export class CidrValue {
  /** As it was written: bits of the host may be set. */
  readonly ip: IpValue;
  readonly length: number;
  constructor(ip: IpValue, length: number) {
    this.ip = ip;
    this.length = length;
  }
}

/** A resource quantity: `value` times ten to the power of `exponent`. */
export class Quantity {
  readonly value: bigint;
  readonly exponent: number;
  constructor(value: bigint, exponent: number) {
    this.value = value;
    this.exponent = exponent;
  }
}

export class Semver {
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly prerelease: readonly string[];
  constructor(numbers: readonly [bigint, bigint, bigint], prerelease: readonly string[]) {
    this.numbers = numbers;
    this.prerelease = prerelease;
  }
}

/** A named format: what of a text is wrong by it. */
export class Format {
  readonly name: string;
  readonly problems: (text: string) => string[];
  constructor(name: string, problems: (text: string) => string[]) {
    this.name = name;
    this.problems = problems;
  }
}

/** A map whose keys may be numbers and truth values: equal numbers of different types are one key. */
export class CelMap {
  readonly entries: ReadonlyMap<string, readonly [key: Value, value: Value]>;
  constructor(entries: Iterable<readonly [Value, Value]>) {
    this.entries = new Map(Array.from(entries, (entry) => [mapKey(entry[0]), entry]));
  }
}

/** A text that is the same for keys that are equal. */
export function mapKey(key: Value): string {
  if (typeof key === 'string') return `s${key}`;
  if (typeof key === 'boolean') return `b${key}`;
  const number = key instanceof Uint ? key.value : key;
  if (typeof number === 'bigint' || typeof number === 'number') return `n${number}`;
  throw new CelError('unsupported key type');
}

/** A map as data has it. */
export type Fields = { readonly [field: string]: Value };

/** Whether a value is a map as data has it. */
export function isFields(value: Value): value is Fields {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
