import { leaf, type Shape } from '../../api/schema/lists.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { fieldElement, keyElement, valueElement } from './elements.ts';

/** One part of a value: where it is under its parent, and what it is. */
export interface Part {
  readonly element: string;
  readonly value: Json;
  readonly shape: Shape;
}

/**
 * The parts of a value that are owned apart from each other; undefined for what is owned as a whole: scalars,
 * atomic values, empty ones, and values that have not the shape their type says. Of list items with equal keys
 * the first counts.
 */
export function partsOf(value: Json, shape: Shape): readonly Part[] | undefined {
  if (shape.kind === 'leaf') return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : itemsOf(value, shape);
  if (!isJsonObject(value) || shape.kind === 'set' || shape.kind === 'list') return undefined;
  const fields = Object.keys(value);
  return fields.length === 0 ? undefined : fields.map((field) => fieldPart(value, field, shape));
}

function fieldPart(object: JsonObject, field: string, shape: Shape): Part {
  const value = object[field] ?? null;
  return { element: fieldElement(field), value, shape: shapeAt(shape, field) };
}

/** The shape of what a struct or map has under a field. */
export function shapeAt(shape: Shape, field: string): Shape {
  return shape.kind === 'struct' || shape.kind === 'map' ? shape.at(field) : leaf;
}

function itemsOf(list: readonly Json[], shape: Shape): readonly Part[] | undefined {
  const parts = new Map<string, Part>();
  for (const value of list) {
    const element = elementOf(value, shape);
    if (element === undefined) return undefined;
    if (!parts.has(element)) parts.set(element, { element, value, shape: itemShape(shape) });
  }
  return [...parts.values()];
}

/** The path element of a list item; undefined when it has none, so that its list is one whole. */
export function elementOf(value: Json, shape: Shape): string | undefined {
  if (shape.kind === 'list') return keyElement(value, shape);
  return shape.kind === 'set' && (typeof value !== 'object' || value === null)
    ? valueElement(value)
    : undefined;
}

export function itemShape(shape: Shape): Shape {
  return shape.kind === 'list' ? shape.item : leaf;
}
