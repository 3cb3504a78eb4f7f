import { createHash } from 'node:crypto';
import { apiVersionOf, type Resource } from '../../api/resources.ts';
import { typeNameOf } from '../../api/schema/schema.ts';
import { servedVersion } from '../discovery/discovery.ts';
import { servedResources } from '../../api/served.ts';
import { readDescriptions, type Descriptions } from './descriptions.ts';
import { pathsOf, prefixOf } from './paths.ts';
import { schemasOf, version2, version3, type Dialect } from './schemas.ts';

interface Document {
  readonly text: string;
  readonly hash: string;
}

/** Made when first asked for; they say the same until the program ends. */
const documents = new Map<string, Document>();
let descriptions: Descriptions | undefined;

/** GET /openapi/v3: where the document of each group and version is; the hash lets clients keep what they read. */
export function openapiIndex(): object {
  const paths: Record<string, object> = {};
  for (const path of new Set(servedResources.map(prefixOf))) {
    const hash = documentAt(path)?.hash ?? '';
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
  }
  return { paths };
}

/** GET /openapi/v3/api/v1 and /openapi/v3/apis/GROUP/VERSION, as JSON text; undefined for other paths. */
export function openapiDocument(path: string): string | undefined {
  return documentAt(path)?.text;
}

/**
 * GET /openapi/v2, as JSON. In the protobuf form that kubectl asks for it is no byte at all, a document without
 * definitions: kubectl then leaves all checks to the server, which does them better, and explains from version 3.
 */
export function openapiV2(accept: string): { type: string; text: string } {
  // The type that is asked for has an @, which a Content-Type may not have.
  const protobuf = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
  if (accept.includes('proto-openapi.spec.v2')) return { type: protobuf, text: '' };
  const text = remembered('v2', () => ({
    swagger: '2.0',
    info,
    paths: {},
    definitions: schemasWithKinds(servedResources, version2),
  })).text;
  return { type: 'application/json', text };
}

const info = { title: 'Kubernetes', version: `v${servedVersion.major}.${servedVersion.minor}.0` };

function documentAt(path: string): Document | undefined {
  const served = servedResources.filter((resource) => prefixOf(resource) === path);
  if (served.length === 0) return undefined;
  return remembered(path, () => ({
    openapi: '3.0.0',
    info,
    paths: Object.assign({}, ...served.map((resource) => pathsOf(resource, referenceTo(resource)))) as object,
    components: { schemas: schemasWithKinds(served, version3) },
  }));
}

function remembered(path: string, make: () => object): Document {
  let document = documents.get(path);
  if (document === undefined) {
    const text = JSON.stringify(make());
    document = { text, hash: createHash('sha256').update(text).digest('hex').toUpperCase() };
    documents.set(path, document);
  }
  return document;
}

function referenceTo(resource: Resource): object {
  const type = typeNameOf(apiVersionOf(resource), resource.kind);
  return type === undefined ? { type: 'object' } : { $ref: `${version3.refPrefix}${known().nameOf(type)}` };
}

/** The schemas of these resources and of all that they hold, marked with the kinds they are of. */
function schemasWithKinds(served: readonly Resource[], dialect: Dialect): object {
  const types = served.map((resource) => typeNameOf(apiVersionOf(resource), resource.kind) ?? '');
  const schemas = schemasOf(
    types.filter((type) => type !== ''),
    { dialect, descriptions: known() },
  );
  served.forEach(({ group, version, kind }, i) => {
    const name = known().nameOf(types[i] ?? '');
    const schema = schemas.get(name);
    if (schema === undefined) return;
    schemas.set(name, { ...schema, 'x-kubernetes-group-version-kind': [{ group, kind, version }] });
  });
  return Object.fromEntries([...schemas].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function known(): Descriptions {
  return (descriptions ??= readDescriptions());
}
