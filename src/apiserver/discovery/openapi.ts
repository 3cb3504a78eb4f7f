import { apiVersionOf, type Resource } from '../../api/resources.ts';
import { servedResources } from '../served.ts';
import { servedVersion } from './discovery.ts';

/** GET /openapi/v3: where the document of each group and version is. */
export function openapiIndex(): object {
  const paths: Record<string, object> = {};
  for (const resource of servedResources) {
    const path = prefixOf(resource);
    paths[path] ??= { serverRelativeURL: `/openapi/v3/${path}?hash=${servedVersion.minor}` };
  }
  return { paths };
}

/**
 * GET /openapi/v3/api/v1 and /openapi/v3/apis/GROUP/VERSION: the patch operations, which is what kubectl looks
 * at to learn whether the server checks fields by itself (KEP-2885). Strategic merge is left out on purpose:
 * clients then compute such patches from their own types and need no schemas. Undefined for other paths.
 */
export function openapiDocument(path: string): object | undefined {
  const served = servedResources.filter((resource) => prefixOf(resource) === path);
  if (served.length === 0) return undefined;
  return {
    openapi: '3.0.0',
    info: { title: 'Weft', version: `v${servedVersion.major}.${servedVersion.minor}.0` },
    paths: Object.fromEntries(
      served.map((resource) => [`/${pathOf(resource)}`, { patch: patchOf(resource) }]),
    ),
    components: { schemas: {} },
  };
}

function prefixOf(resource: Resource): string {
  return resource.group === '' ? `api/${resource.version}` : `apis/${apiVersionOf(resource)}`;
}

function pathOf(resource: Resource): string {
  const scope = resource.namespaced ? 'namespaces/{namespace}/' : '';
  return `${prefixOf(resource)}/${scope}${resource.plural}/{name}`;
}

function patchOf(resource: Resource): object {
  const { group, version, kind } = resource;
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => ({
    name,
    in: 'query',
    schema: { type: name === 'force' ? 'boolean' : 'string', uniqueItems: true },
  }));
  const content = { 'application/merge-patch+json': {}, 'application/json-patch+json': {} };
  return {
    operationId: `patch${kind}`,
    parameters,
    requestBody: { content },
    responses: { 200: { description: 'OK' } },
    'x-kubernetes-action': 'patch',
    'x-kubernetes-group-version-kind': { group, version, kind },
  };
}

/**
 * GET /openapi/v2, which kubectl reads where a manifest is a List: a document without definitions, so that it
 * leaves all checks to the server. As protobuf, which is what kubectl asks for, that is no byte at all.
 */
export function openapiV2(accept: string): { type: string; text: string } {
  // The type that is asked for has an @, which a Content-Type may not have.
  const protobuf = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
  if (accept.includes('proto-openapi.spec.v2')) return { type: protobuf, text: '' };
  const document = { swagger: '2.0', info: { title: 'Weft', version: 'v1' }, paths: {}, definitions: {} };
  return { type: 'application/json', text: JSON.stringify(document) };
}
