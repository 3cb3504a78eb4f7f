import type { Resource } from '../../api/resources.ts';
import type { JsonSchema } from './json-schema.ts';

const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** Name of a kind's schema in OpenAPI documents: `com.example.v1.Widget`. */
export function schemaNameOf({ group, version, kind }: Pick<Resource, 'group' | 'version' | 'kind'>): string {
  return `${group.split('.').toReversed().join('.')}.${version}.${kind}`;
}

/**
 * The schema of a version as OpenAPI documents publish it: with what every object has. References are the
 * dialect's (`#/components/schemas/` or `#/definitions/`).
 */
export function publishedSchema(schema: JsonSchema, resource: Resource, refPrefix: string): object {
  const { group, version, kind } = resource;
  const metadata = { $ref: `${refPrefix}${objectMeta}` };
  return {
    ...schema,
    type: 'object',
    properties: {
      apiVersion: {
        type: 'string',
        description: 'Group and version of the schema that this object is written in.',
      },
      kind: { type: 'string', description: 'What this object is, in the words of its schema.' },
      ...schema.properties,
      metadata: {
        description: "The object's name, labels and what else every object has.",
        ...(refPrefix.includes('components') ? { allOf: [metadata] } : metadata),
      },
    },
    'x-kubernetes-group-version-kind': [{ group, kind, version }],
  };
}
