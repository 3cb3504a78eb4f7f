import { isAtomicType, shapeOfField, type Shape } from '../../api/schema/lists.ts';
import { objectType, type Field, type FieldType } from '../../api/schema/schema.ts';
import { mergeRuleOf, objectRuleOf } from '../patch/merge-keys.ts';
import type { Descriptions } from './descriptions.ts';

/** How the two versions of OpenAPI differ for us. */
export interface Dialect {
  readonly refPrefix: '#/components/schemas/' | '#/definitions/';
  /** In version 3.0 nothing may stand beside a reference; in version 2 clients look for it there. */
  readonly wrapsRefs: boolean;
}

export const version3: Dialect = { refPrefix: '#/components/schemas/', wrapsRefs: true };
export const version2: Dialect = { refPrefix: '#/definitions/', wrapsRefs: false };

const quantity = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const intOrString = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';

/** Schemas of the types that the given ones lead to, by their names in OpenAPI documents. */
export function schemasOf(
  types: Iterable<string>,
  { dialect, descriptions }: { dialect: Dialect; descriptions: Descriptions },
): Map<string, object> {
  const schemas = new Map<string, object>([
    [quantity, { description: 'A number with an optional suffix, such as 100m or 2Gi.', type: 'string' }],
    [intOrString, { description: 'A number, or a text.', format: 'int-or-string', type: 'string' }],
  ]);
  const reference = (name: string): string => `${dialect.refPrefix}${name}`;
  const render = (type: FieldType): object => {
    switch (type.kind) {
      case 'array':
        return { type: 'array', items: render(type.item) };
      case 'map':
        return { type: 'object', additionalProperties: render(type.item) };
      case 'enum':
        return { type: 'string', enum: type.values };
      case 'integer':
        return { type: 'integer', format: 'int32' };
      case 'quantity':
        return { $ref: reference(quantity) };
      case 'int-or-string':
        return { $ref: reference(intOrString) };
      case 'object':
        add(type.name);
        return { $ref: reference(descriptions.nameOf(type.name)) };
      case 'any':
        return { type: 'object' };
      case 'string':
      case 'boolean':
      case 'number':
      default:
        return { type: type.kind };
    }
  };
  const renderField = (type: string, name: string, field: Field): object => {
    const description = descriptions.describe(type, name);
    const schema = render(field.type);
    return {
      ...(description !== '' && { description }),
      ...('$ref' in schema && dialect.wrapsRefs ? { allOf: [schema] } : schema),
      ...mergeExtensions(type, name, field),
    };
  };
  const add = (type: string): void => {
    const name = descriptions.nameOf(type);
    if (schemas.has(name)) return;
    const schema: Record<string, unknown> = { type: 'object' };
    // Known before its fields are rendered: some types contain themselves.
    schemas.set(name, schema);
    const fields = [...objectType(type)].sort(([one], [other]) => (one < other ? -1 : 1));
    schema['description'] = descriptions.describe(type, '');
    schema['properties'] = Object.fromEntries(
      fields.map(([field, declared]) => [field, renderField(type, field, declared)]),
    );
    const required = fields.filter(([, field]) => field.required).map(([field]) => field);
    if (required.length > 0) schema['required'] = required;
    if (isAtomicType(type)) schema['x-kubernetes-map-type'] = 'atomic';
  };
  for (const type of types) add(type);
  return schemas;
}

/** How a list or map merges, under an apply (`x-kubernetes-list-type`) and under a strategic merge patch. */
function mergeExtensions(type: string, name: string, field: Field): object {
  const shape = shapeOfField(type, name);
  if (field.type.kind === 'map') return shape.kind === 'leaf' ? { 'x-kubernetes-map-type': 'atomic' } : {};
  if (field.type.kind !== 'array') {
    const strategy = objectRuleOf(type, name);
    return strategy === undefined ? {} : { 'x-kubernetes-patch-strategy': strategy };
  }
  const rule = mergeRuleOf(type, name);
  return {
    'x-kubernetes-list-type': listType(shape.kind),
    ...(shape.kind === 'list' && { 'x-kubernetes-list-map-keys': shape.keys }),
    ...(rule !== undefined && {
      'x-kubernetes-patch-strategy': rule.retainsKeys === true ? 'merge,retainKeys' : 'merge',
    }),
    ...(rule?.key !== undefined && { 'x-kubernetes-patch-merge-key': rule.key }),
  };
}

function listType(kind: Shape['kind']): string {
  if (kind === 'list') return 'map';
  return kind === 'set' ? 'set' : 'atomic';
}
