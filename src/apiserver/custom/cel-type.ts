import { listOf, mapOf, types, type CelType } from '../cel/types.ts';
import { reservedWords } from '../cel/syntax/parse.ts';
import { mostOfRequest } from '../cel/estimate.ts';
import { additionalOf, type JsonSchema } from './json-schema.ts';

/** Nothing limits the keys of a map; they are taken to be no longer than those of labels and annotations. */
const longestKey = 316;

/** The shortest JSON of a value, in bytes: with it follows how many a request can hold. */
const shortest: Readonly<Record<string, number>> = {
  string: 2,
  boolean: 4,
  integer: 1,
  number: 1,
  array: 2,
  object: 2,
};

/** Texts of these formats are values of their own. */
const timeFormats = new Set(['date', 'date-time', 'datetime']);

const metadata: CelType = {
  kind: 'object',
  name: 'metadata',
  fields: new Map([
    ['name', { kind: 'string', most: 253 }],
    ['generateName', { kind: 'string', most: 253 }],
  ]),
};

/** The type of an object of a kind: every object has a type, a name and what its schema says. */
export function celTypeOfResource(schema: JsonSchema, name: string): CelType {
  const fields = new Map(fieldsOf(schema, name));
  fields.set('apiVersion', { kind: 'string', most: 317 });
  fields.set('kind', { kind: 'string', most: 63 });
  fields.set('metadata', metadata);
  return { kind: 'object', name, fields };
}

/**
 * The type that a schema's values have in expressions; undefined where expressions cannot see them: what is kept
 * without a schema is no business of theirs.
 */
export function celTypeOf(schema: JsonSchema, name: string): CelType | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) return types.dyn;
  switch (schema.type ?? '') {
    case 'object':
      return objectType(schema, name);
    case 'array':
      return arrayType(schema, name);
    case 'string':
      return textType(schema);
    case 'boolean':
      return types.bool;
    case 'integer':
      return types.int;
    case 'number':
      return types.double;
    default:
      return undefined;
  }
}

function objectType(schema: JsonSchema, name: string): CelType | undefined {
  const values = additionalOf(schema);
  if (values !== undefined) {
    const value = celTypeOf(values, `${name}.@elem`);
    const most = schema.maxProperties ?? Math.floor(mostOfRequest / (shortestOf(values) + 6));
    return value && mapOf({ kind: 'string', most: longestKey }, value, most);
  }
  if (schema['x-kubernetes-embedded-resource'] === true) return celTypeOfResource(schema, name);
  return { kind: 'object', name, fields: new Map(fieldsOf(schema, name)) };
}

function arrayType(schema: JsonSchema, name: string): CelType | undefined {
  const { items } = schema;
  const item = items && celTypeOf(items, `${name}.@idx`);
  return (
    items && item && listOf(item, schema.maxItems ?? Math.floor(mostOfRequest / (shortestOf(items) + 1)))
  );
}

function textType({ format = '', maxLength, enum: values }: JsonSchema): CelType {
  if (timeFormats.has(format)) return types.timestamp;
  if (format === 'duration') return types.duration;
  const longestValue = values && Math.max(...values.map((value) => JSON.stringify(value).length));
  const most = maxLength ?? longestValue ?? mostOfRequest;
  return { kind: format === 'byte' ? 'bytes' : 'string', most };
}

function fieldsOf({ properties = {} }: JsonSchema, name: string): [string, CelType][] {
  return Object.entries(properties).flatMap(([property, schema]) => {
    const escaped = escapedName(property);
    const type = celTypeOf(schema, `${name}.${property}`);
    return escaped !== undefined && type !== undefined ? [[escaped, type]] : [];
  });
}

/** An object has at least the fields that it needs. */
function shortestOf(schema: JsonSchema): number {
  const base = shortest[schema.type ?? ''] ?? 1;
  if (schema.type !== 'object') return base;
  return (schema.required ?? []).reduce((total, field) => {
    const property = schema.properties?.[field];
    if (property === undefined || property.default !== undefined) return total;
    return total + field.length + 4 + shortestOf(property);
  }, base);
}

const keywords = new Set([...reservedWords, 'true', 'false', 'null', 'in']);

const escapes: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
};

/** The name by which an expression has a property; undefined where it can have none. */
export function escapedName(property: string): string | undefined {
  if (!/^[A-Za-z_.\-/][A-Za-z0-9_.\-/]*$/.test(property)) return undefined;
  if (keywords.has(property)) return `__${property}__`;
  return property.replaceAll(/__|[./-]/g, (part) => escapes[part] ?? part);
}
