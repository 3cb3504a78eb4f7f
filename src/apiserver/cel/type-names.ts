import { opaqueNames, types, type CelType } from './types.ts';
import {
  CelMap,
  CidrValue,
  Duration,
  Format,
  IpValue,
  Optional,
  Quantity,
  Semver,
  Timestamp,
  TypeValue,
  Uint,
  Url,
  type Value,
} from './values/value.ts';

/** Types that expressions can name, to compare `type(x)` with. */
export const typeNames: ReadonlyMap<string, TypeValue> = new Map(
  ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'list', 'map', 'null_type', 'type'].map((name) => [
    name,
    new TypeValue(name),
  ]),
);

/** The type of a value that stands in an expression. */
export function literalType(value: Value): CelType {
  if (typeof value === 'string') return { kind: 'string', most: value.length };
  if (typeof value === 'boolean') return types.bool;
  if (typeof value === 'bigint') return types.int;
  if (typeof value === 'number') return types.double;
  if (value instanceof Uint) return types.uint;
  if (value instanceof Uint8Array) return { kind: 'bytes', most: value.length };
  return value === null ? types.null : types.dyn;
}

const classNames: readonly (readonly [new (...args: never[]) => object, string])[] = [
  [Uint, 'uint'],
  [Uint8Array, 'bytes'],
  [Timestamp, 'google.protobuf.Timestamp'],
  [Duration, 'google.protobuf.Duration'],
  [Optional, 'optional_type'],
  [TypeValue, 'type'],
  [CelMap, 'map'],
  [Url, 'kubernetes.URL'],
  [Quantity, 'kubernetes.Quantity'],
  [Semver, 'kubernetes.Semver'],
  [Format, 'kubernetes.NamedFormat'],
  [IpValue, 'net.IP'],
  [CidrValue, 'net.CIDR'],
];

/** The name of a value's type. */
export function typeNameOf(value: Value): string {
  if (value === null) return 'null_type';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'double';
  if (typeof value === 'string') return 'string';
  if (Array.isArray(value)) return 'list';
  return classNames.find(([type]) => value instanceof type)?.[1] ?? 'map';
}

const simpleNames: Readonly<Record<string, string>> = {
  null: 'null_type',
  timestamp: 'google.protobuf.Timestamp',
  duration: 'google.protobuf.Duration',
  optional: 'optional_type',
  object: 'map',
};

/** Whether a value is of a type; of lists and maps only that they are some. */
export function isOfType(value: Value, type: CelType): boolean {
  if (type.kind === 'dyn' || type.kind === 'param') return true;
  const name = typeNameOf(value);
  if (type.kind === 'opaque') return name === opaqueNames[type.name];
  return name === (simpleNames[type.kind] ?? type.kind);
}
