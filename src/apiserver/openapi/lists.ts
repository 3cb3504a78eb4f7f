import type { Resource } from '../../api/resources.ts';
import type { Dialect } from './schemas.ts';

const listMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta';

/** Name of the schema of lists of what a schema describes. */
export const listNameOf = (name: string): string => `${name}List`;

/** Schemas of lists of objects, by name, and of the metadata that every list has. `names` are of each resource's objects. */
export function listSchemas(
  served: readonly (readonly [resource: Resource, name: string])[],
  dialect: Dialect,
): [string, object][] {
  return [
    [listMeta, listMetaSchema],
    ...served.map(([resource, name]): [string, object] => [
      listNameOf(name),
      listSchema(resource, name, dialect),
    ]),
  ];
}

function listSchema(
  { group, version, kind, plural }: Resource,
  name: string,
  { refPrefix, wrapsRefs }: Dialect,
): object {
  const reference = (to: string): object => ({ $ref: `${refPrefix}${to}` });
  const metadata = reference(listMeta);
  return {
    description: `A page of ${plural}, or all of them.`,
    type: 'object',
    properties: {
      apiVersion: { type: 'string', description: 'Group and version of the schema of the list.' },
      items: { type: 'array', items: reference(name), description: 'The objects.' },
      kind: { type: 'string', description: 'What is listed, with List behind it.' },
      metadata: {
        description: 'Where the list stands in the history of the store, and how to go on.',
        ...(wrapsRefs ? { allOf: [metadata] } : metadata),
      },
    },
    required: ['items'],
    'x-kubernetes-group-version-kind': [{ group, kind: `${kind}List`, version }],
  };
}

const listMetaSchema = {
  description: 'What every list has.',
  type: 'object',
  properties: {
    continue: {
      type: 'string',
      description: 'Asks for the next page when it is sent with the next request; absent on the last page.',
    },
    remainingItemCount: {
      type: 'integer',
      format: 'int64',
      description: 'How many objects follow this page, where that is known.',
    },
    resourceVersion: {
      type: 'string',
      description: 'The state that was listed; a watch from here on misses nothing.',
    },
    selfLink: { type: 'string', description: 'Not used any more.' },
  },
};
