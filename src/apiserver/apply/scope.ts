import { apiVersionOf, type Resource } from '../../api/resources.ts';
import { leaf, mapShape, shapeOf, type Shape } from '../../api/schema/lists.ts';
import { typeNameOf } from '../../api/schema/schema.ts';
import { customKindOf } from '../catalog/custom-kind.ts';
import type { Json, StoredObject } from '../json.ts';
import { difference, fieldSet, itself, noFields, type FieldSet } from './field-set.ts';

/** The shape of objects of a resource; those without a schema are maps. */
export function objectShape(resource: Resource): Shape {
  const custom = customKindOf(resource);
  if (custom !== undefined) return custom.shape;
  const name = typeNameOf(apiVersionOf(resource), resource.kind);
  return name === undefined ? mapShape(leaf) : shapeOf({ kind: 'object', name });
}

/** Fields that say what an object is, or that only the server sets: nobody owns them. */
const unowned: FieldSet = fieldSet(false, [
  ['f:apiVersion', itself],
  ['f:kind', itself],
  [
    'f:metadata',
    fieldSet(
      true,
      [
        'name',
        'namespace',
        'creationTimestamp',
        'deletionGracePeriodSeconds',
        'deletionTimestamp',
        'generation',
        'managedFields',
        'resourceVersion',
        'selfLink',
        'uid',
      ].map((field) => [`f:${field}`, itself]),
    ),
  ],
]);

const status = 'f:status';

/**
 * What of a set a writer owns who wrote through this subresource: the status of an object that has the
 * subresource belongs to those who write it there, everything else to those who write the object.
 */
export function ownable(set: FieldSet, writes: 'object' | 'status' | 'both'): FieldSet {
  const named = { ...difference(set, unowned), member: false };
  if (writes === 'both') return named;
  if (writes === 'status') return fieldSet(false, [[status, named.children.get(status) ?? noFields]]);
  return fieldSet(
    false,
    [...named.children].filter(([element]) => element !== status),
  );
}

/** The object as JSON without `managedFields`, which describes the others and is nobody's. */
export function comparable(object: StoredObject): Json {
  const { managedFields, ...metadata } = object.metadata;
  void managedFields;
  return { ...object, metadata } as unknown as Json;
}
