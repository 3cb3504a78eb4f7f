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
import { openapiDocument, openapiIndex, openapiV2 } from './openapi.ts';

const healthPaths = new Set([
  '/livez',
  '/readyz',
  '/healthz',
  '/livez/ping',
  '/readyz/ping',
  '/healthz/ping',
]);

/** Answers that need no authentication, for probes; undefined for every other path. */
export function serveHealth(request: ApiRequest): ApiResponse | undefined {
  return healthPaths.has(request.path) ? textResponse(200, 'ok') : undefined;
}

/** What the server says of itself outside /api and /apis; undefined for every other path. */
export function serveDocument(request: ApiRequest): ApiResponse | undefined {
  if (request.path === '/openapi/v2') {
    const { type, text } = openapiV2(request.headers['accept'] ?? '');
    return jsonResponse(200, text, { 'content-type': type });
  }
  const document = documentAt(request.path.replace(/(?<=.)\/$/, ''));
  if (document === undefined) return undefined;
  requireGet(request);
  return jsonResponse(200, document);
}

function documentAt(path: string): object | undefined {
  if (path === '/version') return versionDocument();
  if (path === '/openapi/v3') return openapiIndex();
  if (path.startsWith('/openapi/v3/')) return openapiDocument(path.slice('/openapi/v3/'.length));
  return path === '/'
    ? { paths: ['/api', '/apis', '/healthz', '/livez', '/openapi/v3', '/readyz', '/version'] }
    : undefined;
}

/** The discovery documents under /api and /apis. */
export function serveDiscovery(route: Exclude<Route, { kind: 'objects' }>, request: ApiRequest): ApiResponse {
  requireGet(request);
  switch (route.kind) {
    case 'versions':
      return wantsAggregated(request) ? aggregated(true) : jsonResponse(200, versionsDocument());
    case 'groups':
      return wantsAggregated(request) ? aggregated(false) : jsonResponse(200, groupsDocument());
    case 'group':
      return jsonResponse(200, groupDocument(route.group));
    case 'resources':
    default:
      return jsonResponse(200, resourcesDocument(route.group, route.version));
  }
}

const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

function wantsAggregated(request: ApiRequest): boolean {
  const ranges = (request.headers['accept'] ?? '').split(',').map((range) => range.replaceAll(' ', ''));
  return ranges.includes(aggregatedType);
}

function aggregated(core: boolean): ApiResponse {
  return jsonResponse(200, aggregatedDocument(core), { 'content-type': aggregatedType, vary: 'Accept' });
}

function requireGet(request: ApiRequest): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
}
