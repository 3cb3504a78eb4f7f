import { apiVersionOf, resources, type Resource } from '../../api/resources.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { apiCode, unavailable } from '../errors.ts';
import type { Client, DeleteOptions, Informer, ListOptions, ObjectList, ObjectName } from '../port.ts';
import { createCounters, type ClientCounts } from './counts.ts';
import { createExchange, type Exchange } from './exchange.ts';
import { limits, type ClientOptions, type ServerAccess } from './options.ts';
import { collectionPath, objectPath, versionPath } from './path.ts';
import { startReflector } from './reflector.ts';
import { createConnection, type Connection } from './session.ts';

/** Clients that share one connection, each with a credential of its own. */
export interface Clients {
  as(token: ServerAccess['token']): HttpClient;
  /** What all of them have met together. */
  counts(): ClientCounts;
  /** Ends the connection, and with it everything that its clients do. */
  close(): Promise<void>;
}

/** A client that counts what it meets. */
export interface HttpClient extends Client {
  counts(): ClientCounts;
  /** Whether the server has objects of this resource, also where nobody may see them. Rejects as the others. */
  serves(resource: Resource): Promise<boolean>;
}

/**
 * A client of any Kubernetes API server, over one HTTP/2 connection that is made by the first call and made
 * again whenever it broke. Informers start with their first `informer` call.
 */
export function createClient(options: ClientOptions): HttpClient {
  const counters = createCounters();
  const connection = createConnection(options, counters);
  return clientOver(options, { connection, counters, disconnect: () => connection.close() });
}

/** Clients with different bearer tokens over one such connection: a handshake costs more than most requests. */
export function createClients(options: Omit<ClientOptions, 'token'>): Clients {
  const counters = createCounters();
  const connection = createConnection(options, counters);
  const clients: Client[] = [];
  return {
    as(token) {
      const own = token === undefined ? options : { ...options, token };
      const client = clientOver(own, { connection, counters, disconnect: () => {} });
      clients.push(client);
      return client;
    },
    counts: () => ({ ...counters }),
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      connection.close();
    },
  };
}

interface Line {
  readonly connection: Connection;
  readonly counters: ReturnType<typeof createCounters>;
  readonly disconnect: () => void;
}

function clientOver(options: ClientOptions, { connection, counters, disconnect }: Line): HttpClient {
  const closing = new AbortController();
  const exchange = createExchange(connection, { ...options, counters, closing: closing.signal });
  const informers = new Map<string, Informer<KubernetesObject>>();

  return {
    ...verbs(exchange, options.fieldManager ?? 'weft'),
    counts: () => ({ ...counters }),
    serves: (resource) => isServed(exchange, resource),
    informer<T extends KubernetesObject>(resource: Resource<T>): Informer<T> {
      const id = collectionPath(resource);
      // One informer per resource: its type is the resource's.
      const known = informers.get(id) as Informer<T> | undefined;
      if (known !== undefined) return known;
      const list = (): Promise<ObjectList<T>> => listAll(exchange, resource, {});
      const { signal } = closing;
      const informer = startReflector({ ...options, resource, exchange, list, signal, counters });
      informers.set(id, informer);
      return informer;
    },
    close() {
      closing.abort();
      disconnect();
      return Promise.resolve();
    },
  };
}

/** By the list of the resources of its version (discovery), which every user may read. */
async function isServed(exchange: Exchange, resource: Resource): Promise<boolean> {
  const path = versionPath(resource);
  try {
    const list = await exchange.send({ method: 'GET', path, what: `look for ${resource.plural}` });
    const { resources: served } = list as { readonly resources?: readonly { readonly name: string }[] };
    return served?.some(({ name }) => name === resource.plural) === true;
  } catch (thrown) {
    if (apiCode(thrown) === 'api-not-found') return false;
    throw thrown;
  }
}

function verbs(exchange: Exchange, fieldManager: string): Omit<Client, 'informer' | 'close'> {
  /** The server answers with an object of the resource asked for. */
  const send = async <T>(request: Parameters<Exchange['send']>[0]): Promise<T> =>
    (await exchange.send(request)) as T;
  const managed = (path: string): string => `${path}?fieldManager=${encodeURIComponent(fieldManager)}`;
  return {
    async get<T extends KubernetesObject>(resource: Resource<T>, name: ObjectName): Promise<T | undefined> {
      try {
        return await send<T>({
          method: 'GET',
          path: objectPath(resource, name),
          what: said('get', resource, name),
        });
      } catch (thrown) {
        if (apiCode(thrown) === 'api-not-found') return undefined;
        throw thrown;
      }
    },
    list: (resource, listOptions = {}) => listAll(exchange, resource, listOptions),
    create: (resource, object) =>
      send({
        method: 'POST',
        path: managed(collectionPath(resource, object.metadata.namespace)),
        body: object,
        what: said('create', resource, object.metadata),
      }),
    update: (resource, object) =>
      send({
        method: 'PUT',
        path: managed(objectPath(resource, object.metadata)),
        body: object,
        what: said('update', resource, object.metadata),
      }),
    updateStatus: (resource, object) =>
      send({
        method: 'PUT',
        path: managed(objectPath(resource, object.metadata, 'status')),
        body: object,
        what: said('update the status of', resource, object.metadata),
      }),
    patch: (resource, name, { body, subresource }) =>
      send({
        method: 'PATCH',
        path: managed(objectPath(resource, name, subresource)),
        body,
        contentType: 'application/merge-patch+json',
        what: said('patch', resource, name),
      }),
    async bind(pod, node) {
      const target = { apiVersion: 'v1', kind: 'Node', name: node };
      await exchange.send({
        method: 'POST',
        path: managed(objectPath(resources.pods, pod, 'binding')),
        body: { apiVersion: 'v1', kind: 'Binding', metadata: pod, target },
        what: said('bind', resources.pods, pod),
      });
    },
    apply: (resource, object, { force = false } = {}) =>
      send({
        method: 'PATCH',
        path: `${managed(objectPath(resource, object.metadata))}&force=${force}`,
        body: object,
        // YAML, which JSON is.
        contentType: 'application/apply-patch+yaml',
        what: said('apply', resource, object.metadata),
      }),
    async delete(resource, name, options = {}) {
      try {
        await exchange.send({
          method: 'DELETE',
          path: objectPath(resource, name),
          body: deleteOptions(options),
          what: said('delete', resource, name),
        });
      } catch (thrown) {
        if (apiCode(thrown) !== 'api-not-found') throw thrown;
      }
    },
    async requestToken(account, { seconds }) {
      const answer = await send<TokenAnswer>({
        method: 'POST',
        path: objectPath(resources.serviceaccounts, account, 'token'),
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: { expirationSeconds: seconds },
        },
        what: said('request a token of', resources.serviceaccounts, account),
      });
      return { token: answer.status.token, expires: answer.status.expirationTimestamp };
    },
    async finalizeNamespace(name) {
      await exchange.send({
        method: 'PUT',
        path: managed(objectPath(resources.namespaces, { name }, 'finalize')),
        body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: { finalizers: [] } },
        what: said('finalize', resources.namespaces, { name }),
      });
    },
  };
}

/** Of authentication.k8s.io/v1 TokenRequest. */
interface TokenAnswer {
  readonly status: { readonly token: string; readonly expirationTimestamp: string };
}

function deleteOptions({ uid, graceSeconds }: DeleteOptions): object {
  return {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    ...(uid === undefined ? {} : { preconditions: { uid } }),
    ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
  };
}

/**
 * All pages of a list. When the server forgot the list's version between pages (410), starts again without
 * pages: then it cannot happen.
 */
async function listAll<T extends KubernetesObject>(
  exchange: Exchange,
  resource: Resource<T>,
  options: ListOptions,
): Promise<ObjectList<T>> {
  try {
    return await listPages(exchange, resource, { ...options, pageSize: limits.pageSize });
  } catch (thrown) {
    if (apiCode(thrown) !== 'api-gone') throw thrown;
    return listPages(exchange, resource, options);
  }
}

async function listPages<T extends KubernetesObject>(
  exchange: Exchange,
  resource: Resource<T>,
  options: ListOptions & { pageSize?: number },
): Promise<ObjectList<T>> {
  const items: T[] = [];
  let next = '';
  for (;;) {
    const query = new URLSearchParams();
    if (options.labelSelector !== undefined) query.set('labelSelector', options.labelSelector);
    if (options.pageSize !== undefined) query.set('limit', String(options.pageSize));
    if (next !== '') query.set('continue', next);
    const path = `${collectionPath(resource, options.namespace)}?${query.toString()}`;
    const page = await exchange.send({ method: 'GET', path, what: `list ${resource.plural}` });
    if (!isPage<T>(page)) throw unavailable(`list ${resource.plural}`, 'the answer is not a list');
    for (const item of page.items ?? []) items.push(withType(resource, item));
    next = page.metadata.continue ?? '';
    if (next === '') return { items, resourceVersion: page.metadata.resourceVersion ?? '0' };
  }
}

interface Page<T> {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  /** The API server writes an empty Go slice as null. */
  readonly items: T[] | null;
}

function isPage<T>(value: unknown): value is Page<T> {
  if (typeof value !== 'object' || value === null || !('items' in value) || !('metadata' in value))
    return false;
  return (value.items === null || Array.isArray(value.items)) && typeof value.metadata === 'object';
}

/** Items of a list come without apiVersion and kind: the list has said it once. */
function withType<T extends KubernetesObject>(resource: Resource<T>, item: T): T {
  item.apiVersion ??= apiVersionOf(resource);
  item.kind ??= resource.kind;
  return item;
}

function said(verb: string, resource: Resource, { namespace, name }: ObjectName): string {
  return `${verb} ${resource.kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
