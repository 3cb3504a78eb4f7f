import type { Resource } from '../api/resources.ts';
import { newerEvents } from '../api/served.ts';
import { attributesOf } from './access/attributes.ts';
import { accessForbidden } from './access/forbidden.ts';
import { guardedAdmission } from './access/guard.ts';
import type { Attributes, Authorizer } from './access/port.ts';
import { neededBesides } from './access/stream-verbs.ts';
import { outcomeOf, type Audit, type Known, type Outcome } from './audit/audit.ts';
import { customKindOf } from './catalog/custom-kind.ts';
import { eventView } from './event-view.ts';
import { serveDiscovery, serveDocument, serveHealth } from './discovery/serve.ts';
import type { Authenticate } from './http/authenticate.ts';
import type { ApiRequest, ApiResponse } from './http/messages.ts';
import { effectiveUser } from './identity/impersonate.ts';
import { serveOpenid } from './identity/openid.ts';
import { patchObject } from './patch/patch.ts';
import { createPolicies } from './policies/policies.ts';
import type { Review } from './policies/port.ts';
import type { Api } from './port.ts';
import { serveReview } from './reviews/serve.ts';
import { routeOf, type Target } from './routes.ts';
import { methodNotAllowed, noSuchPath, StatusError } from './status.ts';
import type { Store } from './store/port.ts';
import { bindPod } from './verbs/binding.ts';
import { createObject } from './verbs/create.ts';
import { deleteCollection, deleteObject } from './verbs/delete.ts';
import { evictPod } from './verbs/eviction.ts';
import { warningHeaders } from './verbs/fields.ts';
import { listObjects } from './verbs/list.ts';
import { flagOf } from './verbs/query.ts';
import { getObject } from './verbs/read.ts';
import { getScale, updateScale } from './verbs/scale.ts';
import { requestToken } from './verbs/token-request.ts';
import { updateObject } from './verbs/update.ts';
import { watchObjects } from './verbs/watch.ts';

export type Handle = (request: ApiRequest) => Promise<ApiResponse>;

/** Who may come in, what they may do, and who writes it down. */
export interface Gate {
  readonly authenticate: Authenticate;
  readonly authorizer: Authorizer;
  readonly audit?: Audit;
}

/** Leads every request to what answers it. Rejects with a StatusError for what cannot be done. */
export function createHandler(api: Api, gate: Gate): Handle {
  const { authenticate, authorizer, audit } = gate;
  const serve = createServe(api, gate);
  const answer = async (request: ApiRequest, known: Known): Promise<ApiResponse> => {
    const sender = (known.sender = authenticate.request(request));
    const user = effectiveUser(request, sender, authorizer);
    const attributes = (known.attributes = attributesOf(request, user));
    for (const needed of [attributes, neededBesides(attributes)]) {
      if (needed === undefined) continue;
      const decision = (known.decision = authorizer.decide(needed));
      if (!decision.allowed) throw accessForbidden(needed, decision.reason);
    }
    return serve(request, attributes);
  };
  return async (request) => {
    const health = serveHealth(request);
    if (health !== undefined) return health;
    const known: Known = {};
    const end = audit?.begin(request);
    try {
      const response = await answer(request, known);
      end?.(known, outcomeOf(response));
      return response;
    } catch (thrown) {
      end?.(known, failureOf(thrown));
      throw thrown;
    }
  };
}

function failureOf(thrown: unknown): Outcome {
  return thrown instanceof StatusError
    ? { code: thrown.status, reason: thrown.reason }
    : { code: 500, reason: 'InternalError' };
}

/** Answers what somebody may ask. */
function createServe(
  api: Api,
  { authenticate, authorizer }: Gate,
): (request: ApiRequest, attributes: Attributes) => Promise<ApiResponse> {
  const askPolicies = createPolicies(api);
  const newer = eventView(api.store);
  const storeOf = (resource: Resource): Store =>
    resource === newerEvents ? newer : (customKindOf(resource)?.store ?? api.store);
  return async (request, attributes) => {
    const { user } = attributes;
    const document =
      serveOpenid(request, api.accounts) ??
      (await serveDocument(request, api.catalog)) ??
      (await serveReview(request, { user, authorizer, authenticate }));
    if (document !== undefined) return document;
    const route = routeOf(request.path, api.catalog);
    if (route === undefined) throw noSuchPath();
    if (route.kind !== 'objects') return serveDiscovery(route, request, api.catalog);
    const custom = customKindOf(route.resource);
    const warnings = custom?.deprecation === undefined ? [] : [custom.deprecation];
    const asker = { user, warn: (message: string) => void warnings.push(message) };
    const seen = {
      ...api,
      store: storeOf(route.resource),
      admission: guardedAdmission(api.admission, attributes, { store: api.store, authorizer }),
      user,
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

/** A verb whose modules are loaded when the first asks for it: the start of a server need not wait for them. */
const onDemand =
  (load: () => Promise<Verb>): Verb =>
  async (...asked) =>
    (await load())(...asked);

const execInPod = onDemand(async () => (await import('./streaming/exec.ts')).execInPod);
const attachToPod = onDemand(async () => (await import('./streaming/exec.ts')).attachToPod);
const readLog = onDemand(async () => (await import('./streaming/log.ts')).readLog);
const forwardPorts = onDemand(async () => (await import('./streaming/port-forward.ts')).forwardPorts);
const proxyTo = onDemand(async () => (await import('./streaming/proxy.ts')).proxyTo);

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
    case 'token':
      return { POST: requestToken };
    case 'log':
      return { GET: readLog };
    case 'exec':
      return { GET: execInPod, POST: execInPod };
    case 'attach':
      return { GET: attachToPod, POST: attachToPod };
    case 'portforward':
      return { GET: forwardPorts, POST: forwardPorts };
    case 'proxy':
      return proxyVerbs;
    case undefined:
      return target.name === undefined ? collectionVerbs : objectVerbs;
    default:
      return { GET: getObject, PUT: updateObject, PATCH: patchObject };
  }
}

const proxyVerbs: Readonly<Record<string, Verb>> = {
  GET: proxyTo,
  POST: proxyTo,
  PUT: proxyTo,
  PATCH: proxyTo,
  DELETE: proxyTo,
  OPTIONS: proxyTo,
};

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
