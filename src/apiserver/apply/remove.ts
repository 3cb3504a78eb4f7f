import type { Shape } from '../../api/schema/lists.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { fieldElement } from './elements.ts';
import type { FieldSet } from './field-set.ts';
import { elementOf, itemShape, shapeAt } from './parts.ts';

/** The value without these paths and what is below them; undefined when nothing is left of it. */
export function withoutFields(value: Json, set: FieldSet, shape: Shape): Json | undefined {
  if (set.children.size === 0) return value;
  const left = Array.isArray(value) ? listWithout(value, set, shape) : objectWithout(value, set, shape);
  return left;
}

function listWithout(list: readonly Json[], set: FieldSet, shape: Shape): Json | undefined {
  const result: Json[] = [];
  for (const item of list) {
    const element = elementOf(item, shape);
    const gone = element === undefined ? undefined : set.children.get(element);
    const left = gone === undefined ? item : remainder(item, gone, itemShape(shape));
    if (left !== undefined) result.push(left);
  }
  return result.length === 0 && list.length > 0 ? undefined : result;
}

function objectWithout(value: Json, set: FieldSet, shape: Shape): Json | undefined {
  if (!isJsonObject(value)) return value;
  const result: JsonObject = {};
  const fields = Object.entries(value);
  for (const [field, inner] of fields) {
    const gone = set.children.get(fieldElement(field));
    const left = gone === undefined ? inner : remainder(inner, gone, shapeAt(shape, field));
    if (left !== undefined) result[field] = left;
  }
  return Object.keys(result).length === 0 && fields.length > 0 ? undefined : result;
}

function remainder(value: Json, gone: FieldSet, shape: Shape): Json | undefined {
  return gone.member ? undefined : withoutFields(value, gone, shape);
}
