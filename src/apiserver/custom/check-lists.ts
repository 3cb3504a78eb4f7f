import { forbidden, invalid, notSupported, required, type FieldProblem } from '../../api/validate/problem.ts';
import type { JsonSchema } from './json-schema.ts';

/** What is wrong with how a node says that lists and maps merge: upstream's rules for the extensions. */
export function listProblems(schema: JsonSchema, path: string): FieldProblem[] {
  return [...mapTypeProblems(schema, path), ...listTypeProblems(schema, path), ...keyProblems(schema, path)];
}

function mapTypeProblems(schema: JsonSchema, path: string): FieldProblem[] {
  const type = schema['x-kubernetes-map-type'];
  if (type === undefined) return [];
  const at = `${path}.x-kubernetes-map-type`;
  if (type !== 'atomic' && type !== 'granular') return [notSupported(at, type, ['atomic', 'granular'])];
  if (schema.type === 'object') return [];
  return [invalid(`${path}.type`, schema.type ?? '', 'must be object if x-kubernetes-map-type is specified')];
}

function listTypeProblems(schema: JsonSchema, path: string): FieldProblem[] {
  const type = schema['x-kubernetes-list-type'];
  if (type === undefined) return [];
  const at = `${path}.x-kubernetes-list-type`;
  if (type !== 'atomic' && type !== 'set' && type !== 'map')
    return [notSupported(at, type, ['atomic', 'map', 'set'])];
  if (schema.type !== 'array')
    return [
      invalid(`${path}.type`, schema.type ?? '', 'must be array if x-kubernetes-list-type is specified'),
    ];
  if (type === 'set') return setItemProblems(schema.items, `${path}.items`);
  return type === 'map' ? mapItemProblems(schema.items, `${path}.items`) : [];
}

function mapItemProblems(items: JsonSchema | undefined, path: string): FieldProblem[] {
  if (items?.type === 'object') return [];
  const why = "must be object if parent array's x-kubernetes-list-type is map";
  return [invalid(`${path}.type`, items?.type ?? '', why)];
}

/** Items of a set have to be comparable: scalars, or owned as a whole. */
function setItemProblems(items: JsonSchema | undefined, path: string): FieldProblem[] {
  if (items === undefined) return [];
  if (items.nullable === true)
    return [forbidden(`${path}.nullable`, 'cannot be nullable when x-kubernetes-list-type is set')];
  if (items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic')
    return [
      invalid(
        `${path}.x-kubernetes-map-type`,
        items['x-kubernetes-map-type'] ?? '',
        'must be atomic as item of a list with x-kubernetes-list-type=set',
      ),
    ];
  if (items.type === 'array' && (items['x-kubernetes-list-type'] ?? 'atomic') !== 'atomic')
    return [
      invalid(
        `${path}.x-kubernetes-list-type`,
        items['x-kubernetes-list-type'],
        'must be atomic as item of a list with x-kubernetes-list-type=set',
      ),
    ];
  return [];
}

function keyProblems(schema: JsonSchema, path: string): FieldProblem[] {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const isMap = schema['x-kubernetes-list-type'] === 'map';
  const at = `${path}.x-kubernetes-list-map-keys`;
  if (keys.length === 0)
    return isMap ? [required(at, 'must not be empty if x-kubernetes-list-type is map')] : [];
  if (!isMap)
    return [
      required(`${path}.x-kubernetes-list-type`, 'must be map if x-kubernetes-list-map-keys is non-empty'),
    ];
  const twice = keys.filter((key, i) => keys.indexOf(key) !== i);
  return [
    ...twice.map((key) => invalid(at, keys, `must not contain duplicate entries: ${key}`)),
    ...keys.flatMap((key) => itemKeyProblems(schema.items ?? {}, key, path)),
  ];
}

function itemKeyProblems(items: JsonSchema, key: string, path: string): FieldProblem[] {
  const property = items.properties?.[key];
  if (property === undefined)
    return [
      invalid(`${path}.x-kubernetes-list-map-keys`, key, 'entries must all be names of item properties'),
    ];
  const at = `${path}.items.properties[${key}]`;
  const problems: FieldProblem[] = [];
  if (property.type === 'array' || property.type === 'object')
    problems.push(invalid(`${at}.type`, property.type, 'must be a scalar type if parent array is a map'));
  if (property.nullable === true)
    problems.push(
      forbidden(`${at}.nullable`, 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'),
    );
  if (property.default === undefined && !(items.required ?? []).includes(key))
    problems.push(
      required(
        `${at}.default`,
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
      ),
    );
  return problems;
}
