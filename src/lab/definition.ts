import type { KubernetesObject, Labels } from '../api/types/meta.ts';
import type { Resource } from '../api/resources.ts';

/** A schema of OpenAPI v3, as CustomResourceDefinitions have it. */
export type Schema = Readonly<Record<string, unknown>>;

/** A column of `kubectl get`. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
}

export const text: Schema = { type: 'string' };
export const truth: Schema = { type: 'boolean' };
export const list = (items: Schema): Schema => ({ type: 'array', items });
export const words = (...values: string[]): Schema => ({ type: 'string', enum: values });
export const integer = (minimum: number, maximum: number): Schema => ({
  type: 'integer',
  format: maximum > 0x7fff_ffff ? 'int64' : 'int32',
  minimum,
  maximum,
});
export const object = (
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema => ({ type: 'object', properties, ...(required.length > 0 && { required }) });
/** What must hold of a value, in CEL. */
export const rule = (expression: string, message: string): Schema => ({
  'x-kubernetes-validations': [{ rule: expression, message }],
});

/** A LabelSelector of meta/v1. */
export const selector: Schema = {
  ...object({
    matchLabels: { type: 'object', additionalProperties: text },
    matchExpressions: list(object({ key: text, operator: text, values: list(text) }, ['key', 'operator'])),
  }),
  'x-kubernetes-map-type': 'atomic',
};

export interface DefinitionOptions {
  /** Of the whole object, without what every object has. */
  readonly schema: Schema;
  readonly columns?: readonly Column[];
  /** Other versions with the same fields. */
  readonly alsoServed?: readonly string[];
  readonly annotations?: Labels;
}

/** The CustomResourceDefinition by which a resource is served. */
export function definition(
  resource: Resource,
  { schema, columns = [], alsoServed = [], annotations }: DefinitionOptions,
): KubernetesObject {
  const { group, kind, plural, singular, shortNames } = resource;
  const properties = {
    apiVersion: text,
    kind: text,
    metadata: { type: 'object' },
    ...(schema['properties'] as object),
  };
  const made = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, ...(annotations && { annotations }) },
    spec: {
      group,
      scope: resource.namespaced ? 'Namespaced' : 'Cluster',
      names: { kind, plural, singular, shortNames: [...shortNames], listKind: `${kind}List` },
      versions: [resource.version, ...alsoServed].map((name) => ({
        name,
        served: true,
        storage: name === resource.version,
        subresources: { status: {} },
        additionalPrinterColumns: [...columns],
        schema: { openAPIV3Schema: { ...schema, properties } },
      })),
    },
  };
  return made;
}
