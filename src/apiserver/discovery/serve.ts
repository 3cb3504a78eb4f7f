import type { Catalog } from '../catalog/port.ts';
import { jsonResponse, textResponse, type ApiRequest, type ApiResponse } from '../http/messages.ts';
import type { Route } from '../routes.ts';
import { methodNotAllowed } from '../status.ts';
import {
  aggregatedDocument,
  groupDocument,
  groupsDocument,
  resourcesDocument,
  versionDocument,
  versionsDocument,
} from './discovery.ts';

const healthPaths = new Set([
  '/livez',
  '/readyz',
  '/healthz',
  '/livez/ping',
  '/readyz/ping',
  '/healthz/ping',
]);

/** Whether a path answers without authentication. */
export function isHealthPath(path: string): boolean {
  return healthPaths.has(path);
}

/** Answers that need no authentication, for probes; undefined for every other path. */
export function serveHealth(request: ApiRequest): ApiResponse | undefined {
  return isHealthPath(request.path) ? textResponse(200, 'ok') : undefined;
}

/** What the server says of itself outside /api and /apis; undefined for every other path. */
export async function serveDocument(request: ApiRequest, catalog: Catalog): Promise<ApiResponse | undefined> {
  const path = request.path.replace(/(?<=.)\/$/, '');
  if (path.startsWith('/openapi/')) return serveOpenapi(request, path, catalog);
  const document = documentAt(path);
  if (document === undefined) return undefined;
  requireGet(request);
  return jsonResponse(200, document);
}

function documentAt(path: string): object | undefined {
  if (path === '/version') return versionDocument();
  if (path !== '/') return undefined;
  return {
    paths: ['/api', '/apis', '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'],
  };
}

/** Loads what makes these documents when the first is asked for. */
async function serveOpenapi(
  request: ApiRequest,
  path: string,
  catalog: Catalog,
): Promise<ApiResponse | undefined> {
  requireGet(request);
  const { openapiDocument, openapiIndex, openapiV2 } = await import('../openapi/openapi.ts');
  if (path === '/openapi/v2') {
    const { type, text } = openapiV2(catalog, request.headers['accept'] ?? '');
    return jsonResponse(200, text, { 'content-type': type });
  }
  if (path === '/openapi/v3') return jsonResponse(200, openapiIndex(catalog));
  const document = path.startsWith('/openapi/v3/')
    ? openapiDocument(catalog, path.slice('/openapi/v3/'.length))
    : undefined;
  return document === undefined ? undefined : jsonResponse(200, document);
}

/** The discovery documents under /api and /apis. */
export function serveDiscovery(
  route: Exclude<Route, { kind: 'objects' }>,
  request: ApiRequest,
  catalog: Catalog,
): ApiResponse {
  requireGet(request);
  switch (route.kind) {
    case 'versions':
      return wantsAggregated(request) ? aggregated(catalog, true) : jsonResponse(200, versionsDocument());
    case 'groups':
      return wantsAggregated(request)
        ? aggregated(catalog, false)
        : jsonResponse(200, groupsDocument(catalog));
    case 'group':
      return jsonResponse(200, groupDocument(catalog, route.group));
    case 'resources':
    default:
      return jsonResponse(200, resourcesDocument(catalog, route));
  }
}

const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

function wantsAggregated(request: ApiRequest): boolean {
  const ranges = (request.headers['accept'] ?? '').split(',').map((range) => range.replaceAll(' ', ''));
  return ranges.includes(aggregatedType);
}

function aggregated(catalog: Catalog, core: boolean): ApiResponse {
  return jsonResponse(200, aggregatedDocument(catalog, core), {
    'content-type': aggregatedType,
    vary: 'Accept',
  });
}

function requireGet(request: ApiRequest): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
}
