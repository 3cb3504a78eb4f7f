import type { Shape } from '../../api/schema/lists.ts';
import { isJsonObject, type Json, type StoredObject } from '../json.ts';
import { badRequest } from '../status.ts';
import { fieldElement, pathText } from './elements.ts';
import { elementOf, itemShape, shapeAt } from './parts.ts';
import { comparable } from './scope.ts';

/**
 * Throws 400 where the parts of a configuration cannot be told apart: an item without its keys, or two with the
 * same, in a list that merges by key.
 */
export function requireApplicable(config: StoredObject, shape: Shape): void {
  const problem = problemIn(comparable(config), shape, []);
  if (problem === undefined) return;
  const { namespace, name } = config.metadata;
  const of = `${namespace === undefined ? '' : `${namespace}/`}${name}; ${config.apiVersion}, Kind=${config.kind}`;
  throw badRequest(`failed to create typed patch object (${of}): ${problem}`);
}

function problemIn(value: Json, shape: Shape, path: readonly string[]): string | undefined {
  if (shape.kind === 'leaf') return undefined;
  if (Array.isArray(value)) return listProblem(value, shape, path);
  if (!isJsonObject(value)) return undefined;
  for (const [field, inner] of Object.entries(value)) {
    const problem = problemIn(inner, shapeAt(shape, field), [...path, fieldElement(field)]);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function listProblem(list: readonly Json[], shape: Shape, path: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const [i, item] of list.entries()) {
    const element = elementOf(item, shape);
    if (element === undefined) {
      const keys =
        shape.kind === 'list' ? `omits one of its keys: ${shape.keys.join(', ')}` : 'is not a scalar';
      return `${pathText(path)}: element ${i} of the associative list ${keys}`;
    }
    if (seen.has(element)) return `${pathText(path)}: duplicate entries for key ${pathText([element])}`;
    seen.add(element);
    const problem = problemIn(item, itemShape(shape), [...path, element]);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
