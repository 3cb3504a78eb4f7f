import type { Shape } from '../../api/schema/lists.ts';
import { isJsonObject, type Json } from '../json.ts';

/** The path element of a field of an object. */
export function fieldElement(name: string): string {
  return `f:${name}`;
}

/** The path element of an item of a set. */
export function valueElement(value: Json): string {
  return `v:${JSON.stringify(value)}`;
}

/**
 * The path element of an item of a list with these keys, sorted as FieldsV1 has them; undefined when the item is
 * not an object or has not all of them.
 */
export function keyElement(
  item: Json,
  { keys, defaults }: Extract<Shape, { kind: 'list' }>,
): string | undefined {
  if (!isJsonObject(item)) return undefined;
  const found: Record<string, Json> = {};
  for (const key of keys.toSorted()) {
    const value = item[key] ?? defaults[key];
    if (value === undefined || typeof value === 'object') return undefined;
    found[key] = value;
  }
  return `k:${JSON.stringify(found)}`;
}

/** The path as messages write it: `.spec.ports[port=80,protocol="TCP"].name`. */
export function pathText(path: readonly string[]): string {
  return path.map(elementText).join('');
}

function elementText(element: string): string {
  const rest = element.slice(2);
  if (element.startsWith('f:')) return `.${rest}`;
  if (element.startsWith('i:')) return `[${rest}]`;
  if (element.startsWith('v:')) return `[=${rest}]`;
  const keys = Object.entries(JSON.parse(rest) as Record<string, Json>);
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
}
