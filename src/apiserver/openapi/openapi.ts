import { createHash } from 'node:crypto';
import { apiVersionOf, type Resource } from '../../api/resources.ts';
import { typeNameOf } from '../../api/schema/schema.ts';
import { publishedSchema, schemaNameOf } from '../custom/openapi.ts';
import { servedVersion } from '../discovery/discovery.ts';
import { customKindOf } from '../catalog/custom-kind.ts';
import type { Catalog } from '../catalog/port.ts';
import { readDescriptions, type Descriptions } from './descriptions.ts';
import { listNameOf, listSchemas } from './lists.ts';
import { pathsOf, prefixOf } from './paths.ts';
import { schemasOf, version2, version3, type Dialect } from './schemas.ts';

interface Document {
  readonly of: readonly Resource[];
  readonly text: string;
  readonly hash: string;
}

/** Made when first asked for; each says the same as long as it is of the same resources. */
const documents = new Map<string, Document>();
let descriptions: Descriptions | undefined;

/** GET /openapi/v3: where the document of each group and version is; the hash lets clients keep what they read. */
export function openapiIndex(catalog: Catalog): object {
  const paths: Record<string, object> = {};
  for (const path of new Set(catalog.resources.map(prefixOf))) {
    const hash = documentAt(catalog, path)?.hash ?? '';
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
  }
  return { paths };
}

/** GET /openapi/v3/api/v1 and /openapi/v3/apis/GROUP/VERSION, as JSON text; undefined for other paths. */
export function openapiDocument(catalog: Catalog, path: string): string | undefined {
  return documentAt(catalog, path)?.text;
}

/**
 * GET /openapi/v2, as JSON. In the protobuf form that kubectl asks for it is no byte at all, a document without
 * definitions: kubectl then leaves all checks to the server, which does them better, and explains from version 3.
 */
export function openapiV2(catalog: Catalog, accept: string): { type: string; text: string } {
  // The type that is asked for has an @, which a Content-Type may not have.
  const protobuf = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
  if (accept.includes('proto-openapi.spec.v2')) return { type: protobuf, text: '' };
  const text = remembered('v2', catalog.resources, () => ({
    swagger: '2.0',
    info,
    paths: {},
    definitions: schemasWithKinds(catalog.resources, version2),
  })).text;
  return { type: 'application/json', text };
}

const info = { title: 'Kubernetes', version: `v${servedVersion.major}.${servedVersion.minor}.0` };

function documentAt({ resources }: Catalog, path: string): Document | undefined {
  const served = resources.filter((resource) => prefixOf(resource) === path);
  if (served.length === 0) return undefined;
  return remembered(path, served, () => ({
    openapi: '3.0.0',
    info,
    paths: Object.assign({}, ...served.map((resource) => pathsOf(resource, schemasFor(resource)))) as object,
    components: { schemas: schemasWithKinds(served, version3) },
  }));
}

function remembered(path: string, of: readonly Resource[], make: () => object): Document {
  const known = documents.get(path);
  if (known !== undefined && isSame(known.of, of)) return known;
  const text = JSON.stringify(make());
  const hash = createHash('sha256').update(text).digest('hex').toUpperCase();
  const document = { of, text, hash };
  documents.set(path, document);
  return document;
}

function isSame(one: readonly Resource[], other: readonly Resource[]): boolean {
  return one === other || (one.length === other.length && one.every((resource, i) => resource === other[i]));
}

/** Name of the schema of a resource's objects; undefined where they have none. */
function nameFor(resource: Resource): string | undefined {
  if (customKindOf(resource) !== undefined) return schemaNameOf(resource);
  const type = typeNameOf(apiVersionOf(resource), resource.kind);
  return type === undefined ? undefined : known().nameOf(type);
}

function schemasFor(resource: Resource): { readonly object: object; readonly list: object } {
  const name = nameFor(resource);
  if (name === undefined) return { object: { type: 'object' }, list: { type: 'object' } };
  const reference = (to: string): object => ({ $ref: `${version3.refPrefix}${to}` });
  return { object: reference(name), list: reference(listNameOf(name)) };
}

/** The schemas of these resources and of all that they hold, marked with the kinds they are of. */
function schemasWithKinds(served: readonly Resource[], dialect: Dialect): object {
  const types = served.flatMap((resource) => typeNameOf(apiVersionOf(resource), resource.kind) ?? []);
  const schemas = schemasOf([...types, 'ObjectMeta'], {
    dialect,
    descriptions: known(),
  });
  const named: [Resource, string][] = [];
  for (const resource of served) {
    const { group, version, kind } = resource;
    const name = nameFor(resource);
    if (name === undefined) continue;
    const custom = customKindOf(resource);
    if (custom !== undefined) schemas.set(name, publishedSchema(custom.schema, resource, dialect.refPrefix));
    schemas.set(name, {
      ...schemas.get(name),
      'x-kubernetes-group-version-kind': [{ group, kind, version }],
    });
    named.push([resource, name]);
  }
  for (const [name, schema] of listSchemas(named, dialect)) schemas.set(name, schema);
  return Object.fromEntries([...schemas].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function known(): Descriptions {
  return (descriptions ??= readDescriptions());
}
