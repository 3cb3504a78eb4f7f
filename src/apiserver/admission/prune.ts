import { objectType, typeNameOf, type FieldType } from '../../api/schema/schema.ts';
import { isObject, toStoredObject, type StoredObject } from '../json.ts';

/**
 * A copy without null fields, which mean the same as absent ones, and without fields that the schema does not
 * have; `unknown` names those, as `spec.ports[0].prot`. Objects without a schema come back as they are.
 */
export function prune(object: StoredObject): { object: StoredObject; unknown: string[] } {
  const name = typeNameOf(object.apiVersion, object.kind);
  const unknown: string[] = [];
  if (name === undefined) return { object, unknown };
  const fields = pruneFields(object, name, { path: '', unknown });
  const { apiVersion, kind } = object;
  const metadata = toStoredObject(fields)?.metadata ?? object.metadata;
  return { object: { apiVersion, kind, ...fields, metadata }, unknown };
}

/** The metadata of an object without null and unknown fields, of objects whose kind has a schema of its own. */
export function pruneMetadata(metadata: Record<string, unknown>, walk: Walk): Record<string, unknown> {
  return pruneFields(metadata, 'ObjectMeta', walk);
}

interface Walk {
  readonly path: string;
  readonly unknown: string[];
}

function pruneFields(object: Record<string, unknown>, name: string, walk: Walk): Record<string, unknown> {
  const fields = objectType(name);
  const result: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(object)) {
    if (value === null) continue;
    const path = walk.path === '' ? field : `${walk.path}.${field}`;
    const type = fields.get(field)?.type;
    if (type === undefined) walk.unknown.push(path);
    else result[field] = pruneValue(value, type, { path, unknown: walk.unknown });
  }
  return result;
}

function pruneValue(value: unknown, type: FieldType, walk: Walk): unknown {
  if (type.kind === 'object') return isObject(value) ? pruneFields(value, type.name, walk) : value;
  if (type.kind === 'map') return isObject(value) ? pruneMap(value, type.item, walk) : value;
  if (type.kind !== 'array' || !Array.isArray(value) || isScalar(type.item)) return value;
  return value.map((item, i) => pruneValue(item, type.item, { ...walk, path: `${walk.path}[${i}]` }));
}

function pruneMap(map: Record<string, unknown>, item: FieldType, walk: Walk): Record<string, unknown> {
  const kept = Object.entries(map).filter(([, value]) => value !== null);
  if (isScalar(item)) return kept.length === Object.keys(map).length ? map : Object.fromEntries(kept);
  return Object.fromEntries(
    kept.map(([key, value]) => [key, pruneValue(value, item, { ...walk, path: `${walk.path}.${key}` })]),
  );
}

function isScalar(type: FieldType): boolean {
  return type.kind !== 'object' && type.kind !== 'array' && type.kind !== 'map';
}
