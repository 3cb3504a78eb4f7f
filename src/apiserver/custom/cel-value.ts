import { parseDuration, parseTimestamp } from '../cel/values/time.ts';
import type { Timestamp, Value } from '../cel/values/value.ts';
import { isObject } from '../json.ts';
import { escapedName } from './cel-type.ts';
import type { SchemaNode } from './node.ts';

/** Data as a value of the type that its schema has (`celTypeOf`). Parts that need no change are shared. */
export type Adapt = (value: unknown) => Value;

const known = new WeakMap<SchemaNode, Adapt>();

/** The function for a schema; made once. */
export function adapterOf(node: SchemaNode): Adapt {
  let adapt = known.get(node);
  if (adapt === undefined) {
    adapt = orNull(makeAdapter(node));
    known.set(node, adapt);
  }
  return adapt;
}

/** For an object of a kind: with what every object has. */
export function resourceAdapter(node: SchemaNode): Adapt {
  const fields = fieldAdapters(node).filter(({ name }) => !everyObjects.has(name));
  return orNull((value) => {
    const object = isObject(value) ? value : {};
    return { ...adaptFields(object, fields), ...typeFieldsOf(object) };
  });
}

const everyObjects = new Set(['apiVersion', 'kind', 'metadata']);

function typeFieldsOf({ apiVersion, kind, metadata }: Record<string, unknown>): Record<string, Value> {
  const { name, generateName } = isObject(metadata) ? metadata : {};
  return {
    ...(typeof apiVersion === 'string' && { apiVersion }),
    ...(typeof kind === 'string' && { kind }),
    metadata: {
      ...(typeof name === 'string' && { name }),
      ...(typeof generateName === 'string' && { generateName }),
    },
  };
}

function orNull(adapt: Adapt): Adapt {
  return (value) => (value === null || value === undefined ? null : adapt(value));
}

const asIs: Adapt = (value) => value as Value;

function makeAdapter(node: SchemaNode): Adapt {
  const { schema, items, additional } = node;
  if (schema['x-kubernetes-int-or-string'] === true) return whole;
  switch (schema.type ?? '') {
    case 'integer':
      return whole;
    case 'string':
      return textAdapter(schema.format ?? '');
    case 'array': {
      const adapt = items === undefined ? asIs : adapterOf(items);
      return adapt === asIs ? asIs : (value) => (Array.isArray(value) ? value.map(adapt) : (value as Value));
    }
    case 'object':
      if (additional !== undefined) return mapAdapter(adapterOf(additional));
      return node.embedded ? resourceAdapter(node) : objectAdapter(node);
    default:
      return asIs;
  }
}

function whole(value: unknown): Value {
  return Number.isInteger(value) ? BigInt(value as number) : (value as Value);
}

/** What is not of its format stays a text: the schema has refused it, or leaves it be. */
function textAdapter(format: string): Adapt {
  const parse = textParsers[format];
  if (parse === undefined) return asIs;
  return (value) => (typeof value === 'string' ? (parse(value) ?? value) : (value as Value));
}

const textParsers: Readonly<Record<string, (text: string) => Value | undefined>> = {
  byte: (text) => new Uint8Array(Buffer.from(text, 'base64')),
  duration: parseDuration,
  'date-time': parseTimestamp,
  datetime: parseTimestamp,
  date: (text): Timestamp | undefined => parseTimestamp(`${text}T00:00:00Z`),
};

function mapAdapter(adapt: Adapt): Adapt {
  return (value) =>
    isObject(value)
      ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, adapt(inner)]))
      : (value as Value);
}

interface FieldAdapter {
  readonly name: string;
  readonly escaped: string;
  readonly adapt: Adapt;
}

function fieldAdapters(node: SchemaNode): FieldAdapter[] {
  return Array.from(node.properties, ([name, child]) => ({
    name,
    escaped: escapedName(name) ?? name,
    adapt: adapterOf(child),
  }));
}

function objectAdapter(node: SchemaNode): Adapt {
  const fields = fieldAdapters(node);
  return (value) => (isObject(value) ? adaptFields(value, fields) : (value as Value));
}

function adaptFields(
  object: Record<string, unknown>,
  fields: readonly FieldAdapter[],
): Record<string, Value> {
  const result: Record<string, Value> = {};
  for (const { name, escaped, adapt } of fields) {
    if (Object.hasOwn(object, name)) result[escaped] = adapt(object[name]);
  }
  return result;
}
