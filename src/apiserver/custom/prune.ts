import { pruneMetadata } from '../admission/prune.ts';
import { isObject, toStoredObject, type StoredObject } from '../json.ts';
import { childOf, type SchemaNode } from './node.ts';

/** The object without the fields that its schema does not have; `unknown` names them, as `spec.ports[0].prot`. */
export function pruneCustom(
  object: StoredObject,
  node: SchemaNode,
): { object: StoredObject; unknown: string[] } {
  const unknown: string[] = [];
  const fields = pruneResource(object, node, { path: '', unknown });
  const metadata = toStoredObject(fields)?.metadata ?? object.metadata;
  return { object: { ...fields, apiVersion: object.apiVersion, kind: object.kind, metadata }, unknown };
}

interface Walk {
  readonly path: string;
  readonly unknown: string[];
}

const typeFields = new Set(['apiVersion', 'kind']);

/** An object of the API, at the root or embedded: what every object has needs not be in the schema. */
function pruneResource(
  object: Readonly<Record<string, unknown>>,
  node: SchemaNode,
  walk: Walk,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(object)) {
    const at = { ...walk, path: walk.path === '' ? field : `${walk.path}.${field}` };
    if (typeFields.has(field)) result[field] = value;
    else if (field === 'metadata') result[field] = isObject(value) ? pruneMetadata(value, at) : value;
    else pruneField(result, { field, value, node }, at);
  }
  return result;
}

function pruneField(
  result: Record<string, unknown>,
  { field, value, node }: { field: string; value: unknown; node: SchemaNode },
  at: Walk,
): void {
  const child = childOf(node, field);
  // A null where none may be is as good as nothing.
  if (value === null && child !== undefined && child.schema.nullable !== true) return;
  if (child !== undefined) result[field] = pruneValue(value, child, at);
  else if (node.preserves) result[field] = value;
  else at.unknown.push(at.path);
}

/** A value without the fields that its schema does not have. */
export function pruneValue(value: unknown, node: SchemaNode, walk: Walk): unknown {
  if (Array.isArray(value)) {
    const { items } = node;
    if (items === undefined) return value;
    return value.map((item, i) => pruneValue(item, items, { ...walk, path: `${walk.path}[${i}]` }));
  }
  if (!isObject(value)) return value;
  if (node.embedded) return pruneResource(value, node, walk);
  const result: Record<string, unknown> = {};
  for (const [field, inner] of Object.entries(value)) {
    pruneField(result, { field, value: inner, node }, { ...walk, path: `${walk.path}.${field}` });
  }
  return result;
}
