import type { KubernetesObject } from '../api/types/meta.ts';

/** A value as JSON carries it. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

export interface JsonObject {
  [field: string]: Json;
}

/** An object of the API as the server keeps it: its metadata is typed, everything else is data. */
export type StoredObject = KubernetesObject & { [field: string]: unknown };

/** Whether a value is a JSON object: not null, not an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As `isObject`, for values that are known to come from JSON. */
export function isJsonObject(value: unknown): value is JsonObject {
  return isObject(value);
}

/** The JSON view of a stored object; it is JSON by construction, having been parsed from a body. */
export function toJson(object: StoredObject): JsonObject {
  return object as unknown as JsonObject;
}

/** The object, where a JSON value has the metadata that every object carries; undefined otherwise. */
export function toStoredObject(value: unknown): StoredObject | undefined {
  if (!isObject(value)) return undefined;
  if (value['metadata'] === undefined || value['metadata'] === null) value['metadata'] = {};
  return isObject(value['metadata']) ? (value as unknown as StoredObject) : undefined;
}

/** What stands at a path of field names; undefined when any step is missing or not an object. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const field of path) {
    if (!isObject(at) || !Object.hasOwn(at, field)) return undefined;
    at = at[field];
  }
  return at;
}

/** The string at a path, or '' where there is none. */
export function textAt(value: unknown, path: readonly string[]): string {
  const found = valueAt(value, path);
  return typeof found === 'string' ? found : '';
}

/** The number at a path, or 0 where there is none. */
export function numberAt(value: unknown, path: readonly string[]): number {
  const found = valueAt(value, path);
  return typeof found === 'number' ? found : 0;
}

/** The array at a path, or an empty one. */
export function arrayAt(value: unknown, path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? found : [];
}

/** Whether two JSON values are the same, whatever the order of their fields. */
export function sameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, i) => sameJson(item, other[i]));
  }
  if (!isObject(one) || !isObject(other)) return false;
  const fields = Object.keys(one);
  if (fields.length !== Object.keys(other).length) return false;
  return fields.every((field) => Object.hasOwn(other, field) && sameJson(one[field], other[field]));
}

/**
 * Whether a value nests no deeper than `limit` objects and arrays, and has no field `__proto__`, which would
 * change what an object is wherever it is copied field by field.
 */
export function isHarmless(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (limit === 0 || Object.hasOwn(value, '__proto__')) return false;
  return Object.values(value).every((item) => isHarmless(item, limit - 1));
}

/** The fields that every object has; rest parameters of an indexed type lose them for the compiler. */
export function typeOf({
  apiVersion,
  kind,
  metadata,
}: StoredObject): Pick<StoredObject, 'apiVersion' | 'kind' | 'metadata'> {
  return { apiVersion, kind, metadata };
}
