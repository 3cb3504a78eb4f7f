import { fabricKinds, fabricTypes } from './fabric.ts';
import { layer2Kinds, layer2Types } from './layer2.ts';
import { loadBalancerKinds, loadBalancerTypes } from './load-balancer.ts';
import kubernetes from './kubernetes.json' with { type: 'json' };
import { policyKinds, policyTypes } from './policy.ts';
import { weftKinds, weftTypes } from './weft.ts';

/** The fields of an object: name -> type and whether it must be there. */
export type ObjectType = ReadonlyMap<string, Field>;

export interface Field {
  readonly type: FieldType;
  readonly required: boolean;
}

/** `quantity`: a number or a text such as `100m`; `int-or-string`: a port or percentage. */
export type FieldType =
  | { readonly kind: 'string' | 'integer' | 'number' | 'boolean' | 'quantity' | 'int-or-string' | 'any' }
  | { readonly kind: 'enum'; readonly values: readonly string[] }
  | { readonly kind: 'array' | 'map'; readonly item: FieldType }
  | { readonly kind: 'object'; readonly name: string; readonly orBoolean?: true };

/**
 * How types are written in the schema files: a scalar by its name, an enumeration as `A|B`, a list as `[]T`, a
 * map from strings as `{}T`, an object by reference as `#Name`,
 * and as `#Name?` where true or false may stand for it. A field name that ends in `!` is required.
 */
interface WrittenSchema {
  /** `apps/v1 Deployment` -> type name. */
  readonly kinds: Readonly<Record<string, string>>;
  readonly types: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const written: WrittenSchema = {
  kinds: {
    ...kubernetes.kinds,
    ...policyKinds,
    ...weftKinds,
    ...fabricKinds,
    ...layer2Kinds,
    ...loadBalancerKinds,
  },
  types: {
    ...kubernetes.types,
    ...policyTypes,
    ...weftTypes,
    ...fabricTypes,
    ...layer2Types,
    ...loadBalancerTypes,
  },
};

const scalars: ReadonlyMap<string, FieldType> = new Map(
  (['string', 'integer', 'number', 'boolean', 'quantity', 'int-or-string', 'any'] as const).map((kind) => [
    kind,
    { kind },
  ]),
);

const objectTypes = new Map<string, ObjectType>();
const fieldTypes = new Map<string, FieldType>(scalars);

/** Name of the type of this apiVersion and kind; undefined when it has no schema here. */
export function typeNameOf(apiVersion: string, kind: string): string | undefined {
  const name = `${apiVersion} ${kind}`;
  return Object.hasOwn(written.kinds, name) ? written.kinds[name] : undefined;
}

/** The fields of a type by its name; read from the schema on first use. */
export function objectType(name: string): ObjectType {
  let type = objectTypes.get(name);
  if (type === undefined) {
    type = new Map(Object.entries(written.types[name] ?? {}).map(readField));
    objectTypes.set(name, type);
  }
  return type;
}

function readField([name, type]: [string, string]): [string, Field] {
  const required = name.endsWith('!');
  return [required ? name.slice(0, -1) : name, { type: readType(type), required }];
}

function readType(text: string): FieldType {
  let type = fieldTypes.get(text);
  if (type === undefined) {
    type = readCompound(text);
    fieldTypes.set(text, type);
  }
  return type;
}

function readCompound(text: string): FieldType {
  if (text.startsWith('#') && text.endsWith('?'))
    return { kind: 'object', name: text.slice(1, -1), orBoolean: true };
  if (text.startsWith('#')) return { kind: 'object', name: text.slice(1) };
  if (text.startsWith('[]')) return { kind: 'array', item: readType(text.slice(2)) };
  if (text.startsWith('{}')) return { kind: 'map', item: readType(text.slice(2)) };
  return { kind: 'enum', values: text.split('|') };
}
