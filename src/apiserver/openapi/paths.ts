import { apiVersionOf, type Resource } from '../../api/resources.ts';

/** `api/v1` or `apis/GROUP/VERSION`: where the resources of a group and version are. */
export function prefixOf(resource: Resource): string {
  return resource.group === '' ? `api/${resource.version}` : `apis/${apiVersionOf(resource)}`;
}

/**
 * The operations on a resource: clients read from them which kind is at a path, and from the parameters of PATCH
 * that the server checks fields and can do dry runs (KEP-2885). `object` and `list` refer to the schemas of the kind
 * and of lists of it.
 *
 * Strategic merge is left out of PATCH on purpose: clients then compute such patches from their own types.
 */
export function pathsOf(
  resource: Resource,
  { object, list }: { readonly object: object; readonly list: object },
): Record<string, object> {
  const scope = resource.namespaced ? 'namespaces/{namespace}/' : '';
  const collection = `/${prefixOf(resource)}/${scope}${resource.plural}`;
  const operation = operationsOf(resource, object);
  const listing = operationsOf(resource, list);
  return {
    [collection]: {
      get: listing('list'),
      post: operation('post', writeParameters),
      delete: operation('deletecollection'),
      parameters: pathParameters(resource.namespaced ? ['namespace'] : []),
    },
    [`${collection}/{name}`]: {
      get: operation('get'),
      put: operation('put', writeParameters),
      patch: { ...operation('patch', [...writeParameters, force]), requestBody: patchBody },
      delete: operation('delete', [queryParameter('dryRun')]),
      parameters: pathParameters(resource.namespaced ? ['name', 'namespace'] : ['name']),
    },
  };
}

function queryParameter(name: string): object {
  return { name, in: 'query', schema: { type: 'string', uniqueItems: true } };
}

const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'].map(queryParameter);
const force = { name: 'force', in: 'query', schema: { type: 'boolean', uniqueItems: true } };

const patchTypes = ['json-patch+json', 'merge-patch+json', 'apply-patch+yaml'];
const patchBody = {
  required: true,
  content: Object.fromEntries(
    patchTypes.map((type) => [`application/${type}`, { schema: { type: 'object' } }]),
  ),
};

function pathParameters(names: readonly string[]): object[] {
  return names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
}

function operationsOf(
  { group, version, kind, namespaced }: Resource,
  schema: object,
): (action: string, parameters?: readonly object[]) => object {
  const label = `${group.split('.', 1).join() || 'core'}-${version}`;
  return (action, parameters = []) => ({
    operationId: `${action}-${label}-${namespaced ? 'namespaced-' : ''}${kind}`,
    tags: [label],
    parameters,
    responses: { 200: { description: 'OK', content: { 'application/json': { schema } } } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind },
  });
}
