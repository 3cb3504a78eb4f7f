import { isObject, type Json } from '../json.ts';
import { childOf, type SchemaNode } from './node.ts';

/**
 * The value with the defaults of its schema where nothing is, also inside what a default brought. A null counts
 * as nothing where the field may not be null. The given value is left alone; parts without change are shared.
 */
export function withSchemaDefaults(value: unknown, node: SchemaNode): unknown {
  if (!node.hasDefaults) return value;
  if (Array.isArray(value)) {
    const { items } = node;
    return items === undefined ? value : value.map((item) => withSchemaDefaults(item, items));
  }
  return isObject(value) ? withFieldDefaults(value, node) : value;
}

function withFieldDefaults(value: Record<string, unknown>, node: SchemaNode): Record<string, unknown> {
  const result: Record<string, unknown> = { ...value };
  for (const [field, { schema }] of node.properties) {
    if (schema.default !== undefined && isAbsent(result[field], schema))
      result[field] = copyOf(schema.default);
  }
  for (const [field, inner] of Object.entries(result)) {
    const child = childOf(node, field);
    if (child?.hasDefaults !== true) continue;
    const given = inner === null && child.schema.default !== undefined ? entryDefault(child) : inner;
    result[field] = withSchemaDefaults(given, child);
  }
  return result;
}

function isAbsent(value: unknown, { nullable }: { nullable?: boolean }): boolean {
  return value === undefined || (value === null && nullable !== true);
}

/** What becomes of a null in a map whose values have a default. */
function entryDefault({ schema }: SchemaNode): Json {
  return schema.nullable === true || schema.default === undefined ? null : copyOf(schema.default);
}

function copyOf(value: Json): Json {
  return typeof value === 'object' && value !== null ? structuredClone(value) : value;
}
