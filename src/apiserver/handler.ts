import type { Resource } from '../api/resources.ts';
import { newerEvents } from '../api/served.ts';
import { customKindOf } from './catalog/custom-kind.ts';
import { eventView } from './event-view.ts';
import { serveDiscovery, serveDocument, serveHealth } from './discovery/serve.ts';
import type { Authenticate } from './http/authenticate.ts';
import type { ApiRequest, ApiResponse } from './http/messages.ts';
import { patchObject } from './patch/patch.ts';
import { createPolicies } from './policies/policies.ts';
import type { Review } from './policies/port.ts';
import type { Api } from './port.ts';
import type { Store } from './store/port.ts';
import { routeOf, type Target } from './routes.ts';
import { methodNotAllowed, noSuchPath } from './status.ts';
import { bindPod } from './verbs/binding.ts';
import { createObject } from './verbs/create.ts';
import { deleteCollection, deleteObject } from './verbs/delete.ts';
import { evictPod } from './verbs/eviction.ts';
import { warningHeaders } from './verbs/fields.ts';
import { listObjects } from './verbs/list.ts';
import { flagOf } from './verbs/query.ts';
import { getObject } from './verbs/read.ts';
import { serveReview } from './verbs/reviews.ts';
import { getScale, updateScale } from './verbs/scale.ts';
import { updateObject } from './verbs/update.ts';
import { watchObjects } from './verbs/watch.ts';

export type Handle = (request: ApiRequest) => Promise<ApiResponse>;

/** Leads every request to what answers it. Rejects with a StatusError for what cannot be done. */
export function createHandler(api: Api, authenticate: Authenticate): Handle {
  const askPolicies = createPolicies(api);
  const newer = eventView(api.store);
  const storeOf = (resource: Resource): Store =>
    resource === newerEvents ? newer : (customKindOf(resource)?.store ?? api.store);
  return async (request) => {
    const health = serveHealth(request);
    if (health !== undefined) return health;
    const user = authenticate(request);
    const document = (await serveDocument(request, api.catalog)) ?? (await serveReview(request, user));
    if (document !== undefined) return document;
    const route = routeOf(request.path, api.catalog);
    if (route === undefined) throw noSuchPath();
    if (route.kind !== 'objects') return serveDiscovery(route, request, api.catalog);
    const warnings: string[] = [];
    const asker = { user, warn: (message: string) => void warnings.push(message) };
    const seen = {
      ...api,
      store: storeOf(route.resource),
      askPolicies: (review: Review) => askPolicies(review, asker),
    };
    return withWarnings(await verbOf(route, request)(seen, route, request), warnings);
  };
}

/** With warnings added to those that the answer has already. */
function withWarnings(response: ApiResponse, warnings: readonly string[]): ApiResponse {
  if (warnings.length === 0) return response;
  const { warning } = warningHeaders(warnings);
  const own = response.headers['warning'];
  const all = own === undefined ? warning : `${own}, ${warning}`;
  return { ...response, headers: { ...response.headers, warning: all } };
}

type Verb = (api: Api, target: Target, request: ApiRequest) => ApiResponse | Promise<ApiResponse>;

function verbOf(target: Target, request: ApiRequest): Verb {
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const table = verbsFor(target);
  if (!Object.hasOwn(table, method)) throw methodNotAllowed();
  const verb = table[method];
  if (verb === undefined) throw methodNotAllowed();
  return verb === listObjects && flagOf(request.query, 'watch') ? watchObjects : verb;
}

function verbsFor(target: Target): Readonly<Record<string, Verb>> {
  switch (target.subresource) {
    case 'scale':
      return { GET: getScale, PUT: updateScale, PATCH: patchObject };
    case 'binding':
      return { POST: bindPod };
    case 'eviction':
      return { POST: evictPod };
    case undefined:
      return target.name === undefined ? collectionVerbs : objectVerbs;
    default:
      return { GET: getObject, PUT: updateObject, PATCH: patchObject };
  }
}

const collectionVerbs: Readonly<Record<string, Verb>> = {
  GET: listObjects,
  POST: createObject,
  DELETE: deleteCollection,
};

const objectVerbs: Readonly<Record<string, Verb>> = {
  // A watch of one object by its path is a list that its name selects.
  GET: (api, target, request) =>
    flagOf(request.query, 'watch') ? watchObjects(api, target, request) : getObject(api, target, request),
  PUT: updateObject,
  PATCH: patchObject,
  DELETE: deleteObject,
};
