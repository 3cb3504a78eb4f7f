import type { KubernetesObject } from '../types/meta.ts';
import { objectType, typeNameOf, type FieldType, type ObjectType } from './schema.ts';

/**
 * The object as Kubernetes reads it where it holds nulls: a null field is absent; a null in a list or a map of
 * objects is an empty object (so `from:` with an empty `-` is a peer, not nothing), of texts an empty text. The
 * same object where there are none. Objects of kinds without schema are left alone, there null may mean something.
 */
export function withoutNulls<T extends KubernetesObject>(object: T): T {
  const name = typeNameOf(object.apiVersion, object.kind);
  if (name === undefined || !holdsNull(object)) return object;
  // The shape stays; only nulls, which no type of the API allows, go.
  return clean(object, { kind: 'object', name }) as T;
}

function holdsNull(value: unknown): boolean {
  if (value === null) return true;
  if (typeof value !== 'object') return false;
  return (Array.isArray(value) ? value : Object.values(value)).some(holdsNull);
}

function clean(value: unknown, type: FieldType): unknown {
  if (value === null) return empty(type);
  if (typeof value !== 'object') return value;
  if (type.kind === 'array') return Array.isArray(value) ? value.map((one) => clean(one, type.item)) : value;
  if (type.kind === 'map') {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, clean(one, type.item)]));
  }
  return type.kind === 'object' ? cleanFields(value, objectType(type.name)) : value;
}

function cleanFields(value: object, fields: ObjectType): unknown {
  const present = Object.entries(value).filter(([, one]) => one !== null);
  return Object.fromEntries(
    present.map(([key, one]) => {
      const field = fields.get(key);
      return [key, field === undefined ? one : clean(one, field.type)];
    }),
  );
}

/** What Go's zero value of the type looks like. */
function empty(type: FieldType): unknown {
  if (type.kind === 'object' || type.kind === 'map') return {};
  if (type.kind === 'array') return [];
  if (type.kind === 'string' || type.kind === 'enum') return '';
  if (type.kind === 'boolean') return false;
  return type.kind === 'any' ? null : 0;
}
