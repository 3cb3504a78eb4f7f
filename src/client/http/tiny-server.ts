import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { resources, type Resource } from '../../api/resources.ts';
import { matchesSelector, parseLabelSelector } from '../../api/selector.ts';
import { WeftError } from '../../lib/errors.ts';
import type { WatchEvent } from '../cache/cache.ts';
import { applyTo } from '../fake/apply.ts';
import type { AnyObject, FakeStore } from '../fake/store.ts';
import { mergePatch } from '../merge-patch.ts';
import type { ObjectName } from '../port.ts';
import { collectionPath } from './path.ts';

/** An API server of a few lines over a `FakeStore`, for tests of the HTTP client: real sockets, misbehaviour on demand. */
export interface TinyServer {
  readonly url: string;
  /** Requests seen, as `GET /api/v1/pods?watch=true`. */
  readonly requests: readonly string[];
  /** Forgets events: watches from older versions are answered 410. */
  compact(): void;
  /** Cuts every connection without a word. */
  dropConnections(): void;
  /** Sends a line as it is to every open watch. */
  sendLine(line: string): void;
  close(): Promise<void>;
}

type Logged = { readonly version: number; readonly event: WatchEvent<AnyObject> };

const statusOfCode: Readonly<Record<string, [status: number, reason: string]>> = {
  'api-not-found': [404, 'NotFound'],
  'api-conflict': [409, 'Conflict'],
  'api-already-exists': [409, 'AlreadyExists'],
  'api-gone': [410, 'Expired'],
};

export async function startTinyServer(store: FakeStore): Promise<TinyServer> {
  const requests: string[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const watches = new Set<ServerHttp2Stream>();
  const logs = new Map<Resource, Logged[]>();
  let compacted = 0;
  for (const resource of Object.values(resources)) {
    const log: Logged[] = [];
    logs.set(resource, log);
    store.watch(resource, (event) =>
      log.push({ version: Number(event.object.metadata.resourceVersion), event }),
    );
  }

  function watch(stream: ServerHttp2Stream, resource: Resource, from: number): void {
    if (from < compacted) throw new WeftError('api-gone', 'too old resource version');
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
    watches.add(stream);
    for (const { version, event } of logs.get(resource) ?? []) if (version > from) sendEvent(stream, event);
    const stop = store.watch(resource, (event) => sendEvent(stream, event));
    stream.once('close', () => (stop(), watches.delete(stream)));
  }

  async function answer(stream: ServerHttp2Stream, method: string, url: URL): Promise<void> {
    const body = await bodyOf(stream);
    const target = targetOf(url.pathname);
    if (target === undefined) throw new WeftError('api-not-found', 'no such path');
    if (method === 'GET' && target.name === undefined && url.searchParams.get('watch') === 'true') {
      watch(stream, target.resource, Number(url.searchParams.get('resourceVersion') ?? '0'));
      return;
    }
    sendJson(stream, 200, perform(store, { ...target, method, url, body }));
  }

  const server = createServer();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => {});
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const url = new URL(headers[':path'] ?? '/', 'http://tiny');
    requests.push(`${headers[':method']} ${url.pathname}${url.search}`);
    answer(stream, headers[':method'] ?? 'GET', url).catch((thrown: unknown) => {
      const code = thrown instanceof WeftError ? thrown.code : '';
      const [status, reason] = statusOfCode[code] ?? [500, 'InternalError'];
      sendJson(stream, status, {
        kind: 'Status',
        status: 'Failure',
        code: status,
        reason,
        message: String(thrown),
      });
    });
  });
  const url = await listen(server);
  return {
    url,
    requests,
    compact() {
      compacted = Number(store.list(resources.pods).resourceVersion);
      for (const log of logs.values()) log.length = 0;
    },
    dropConnections() {
      for (const session of sessions) session.destroy();
    },
    sendLine(line) {
      for (const stream of watches) stream.write(`${line}\n`);
    },
    close() {
      for (const session of sessions) session.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

interface Target {
  readonly resource: Resource;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

function targetOf(pathname: string): Target | undefined {
  for (const resource of Object.values<Resource>(resources)) {
    const [root = '', plural = ''] = collectionPath(resource).split(/\/(?=[^/]+$)/);
    const pattern = new RegExp(`^${root}(?:/namespaces/([^/]+))?/${plural}(?:/([^/]+))?(?:/([^/]+))?$`);
    const match = pattern.exec(pathname);
    if (match === null) continue;
    const [, namespace, name, subresource] = match;
    const served = [...resource.subresources, ...(resource.kind === 'Namespace' ? ['finalize'] : [])];
    if (subresource !== undefined && !served.includes(subresource)) continue;
    return {
      resource,
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name: decodeURIComponent(name) }),
      ...(subresource === undefined ? {} : { subresource }),
    };
  }
  return undefined;
}

function perform(
  store: FakeStore,
  {
    resource,
    namespace,
    name,
    subresource,
    method,
    url,
    body,
  }: Target & { method: string; url: URL; body: AnyObject | undefined },
): unknown {
  const at = { name: name ?? '', ...(namespace === undefined ? {} : { namespace }) };
  if (subresource === 'binding') return bind(store, at, body);
  if (subresource === 'finalize') return finalize(store, at, body);
  if (subresource === 'token') return issue(store, at, body);
  if (body !== undefined && method !== 'DELETE') {
    return write(store, resource, { at, subresource, method, query: url.searchParams, body });
  }
  if (method === 'DELETE') {
    read(store, resource, at);
    const options = body as { preconditions?: { uid?: string } } | undefined;
    store.delete(resource, at, options?.preconditions?.uid);
    return { kind: 'Status', status: 'Success' };
  }
  return name === undefined
    ? page(store, resource, { namespace, query: url.searchParams })
    : read(store, resource, at);
}

interface Write {
  readonly at: ObjectName;
  readonly subresource: string | undefined;
  readonly method: string;
  readonly query: URLSearchParams;
  readonly body: AnyObject;
}

function write(
  store: FakeStore,
  resource: Resource,
  { at, subresource, method, query, body }: Write,
): AnyObject {
  const what = subresource === 'status' ? 'status' : 'object';
  if (method === 'POST') return store.create(resource, body);
  if (method === 'PUT') return store.modify(resource, at, { what, change: () => body });
  if (query.has('force')) {
    const force = query.get('force') === 'true';
    return applyTo(store, resource, { object: body, manager: query.get('fieldManager') ?? '', force });
  }
  return store.modify(resource, at, { what, change: (current) => mergePatch(current, body) as AnyObject });
}

function bind(store: FakeStore, at: ObjectName, body: unknown): unknown {
  const { metadata, target } = body as { metadata: { uid?: string }; target: { name: string } };
  store.bind({ ...at, ...(metadata.uid !== undefined && { uid: metadata.uid }) }, target.name);
  return { kind: 'Status', status: 'Success' };
}

function finalize(store: FakeStore, at: ObjectName, body: AnyObject | undefined): unknown {
  const change = (current: AnyObject): AnyObject => ({ ...current, spec: body?.spec });
  return store.modify(resources.namespaces, at, { what: 'object', change });
}

function issue(store: FakeStore, at: ObjectName, body: AnyObject | undefined): unknown {
  const spec = body?.spec as { expirationSeconds: number } | undefined;
  const { token, expires } = store.token(at, spec?.expirationSeconds ?? 3600);
  return { kind: 'TokenRequest', status: { token, expirationTimestamp: expires } };
}

function read(store: FakeStore, resource: Resource, name: ObjectName): AnyObject {
  const object = store.get(resource, name);
  if (object === undefined) throw new WeftError('api-not-found', 'not found');
  return object;
}

function page(
  store: FakeStore,
  resource: Resource,
  { namespace, query }: { namespace: string | undefined; query: URLSearchParams },
): unknown {
  const { items, resourceVersion } = store.list(resource);
  const selector = parseLabelSelector(query.get('labelSelector') ?? '');
  const matching = items.filter(
    ({ metadata }) =>
      (namespace === undefined || metadata.namespace === namespace) &&
      matchesSelector(selector, metadata.labels),
  );
  const from = Number(query.get('continue') ?? '0');
  const to = from + Number(query.get('limit') ?? matching.length);
  const more = to < matching.length ? { continue: String(to) } : {};
  return {
    kind: `${resource.kind}List`,
    metadata: { resourceVersion, ...more },
    items: matching.slice(from, to),
  };
}

async function bodyOf(stream: ServerHttp2Stream): Promise<AnyObject | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? undefined : (JSON.parse(Buffer.concat(chunks).toString()) as AnyObject);
}

function sendJson(stream: ServerHttp2Stream, status: number, body: unknown): void {
  if (stream.destroyed || stream.headersSent) return;
  stream.respond({ ':status': status, 'content-type': 'application/json' });
  stream.end(JSON.stringify(body));
}

function sendEvent(stream: ServerHttp2Stream, event: WatchEvent<AnyObject>): void {
  if (!stream.destroyed) stream.write(`${JSON.stringify(event)}\n`);
}

function listen(server: Http2Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`);
    });
  });
}
