import type { Resource } from '../../api/resources.ts';
import type { Shape } from '../../api/schema/lists.ts';
import type { StoredObject } from '../json.ts';
import type { JsonSchema } from '../custom/json-schema.ts';
import type { Store } from '../store/port.ts';
import type { Column } from '../table/column.ts';

/**
 * One served version of a kind that a CustomResourceDefinition brought: what the server does with its objects where
 * built-in kinds have tables of their own.
 */
export interface CustomKind {
  /** How its objects take part in server-side apply. */
  readonly shape: Shape;
  readonly columns: readonly Column[];
  /** Fields that can be selected by, besides name and namespace. */
  readonly selectableFields: readonly string[];
  /** Paths of its scale subresource; undefined where it has none. */
  readonly scale: ScalePaths | undefined;
  readonly categories: readonly string[];
  readonly schema: JsonSchema;
  /** What everybody is told who asks for this version, where it is deprecated. */
  readonly deprecation: string | undefined;
  /** The store, with the objects of this resource in this version. */
  readonly store: Store;
  /** The object without fields that its schema does not have; the paths of those. */
  prune(object: StoredObject): { object: StoredObject; unknown: string[] };
  /** The object with its defaults. */
  withDefaults(object: StoredObject): StoredObject;
  /** The object as it is to be stored, in this version; throws 422 where it breaks a rule of its schema. */
  admit(object: StoredObject, previous: StoredObject | undefined): StoredObject;
}

/** Where replicas and selector are in an object, as lists of field names. */
export interface ScalePaths {
  readonly specReplicas: readonly string[];
  readonly statusReplicas: readonly string[];
  readonly selector: readonly string[] | undefined;
}

/** A resource that is not built in. */
export interface CustomResource extends Resource {
  readonly custom: CustomKind;
}

/** What to do with objects of a resource; undefined for the built-in ones. */
export function customKindOf(resource: Resource): CustomKind | undefined {
  return 'custom' in resource ? (resource as CustomResource).custom : undefined;
}
