import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { request as send } from '../../lib/http.ts';
import type { ApiRequest, ApiResponse } from '../http/messages.ts';
import type { Api } from '../port.ts';
import type { Target } from '../routes.ts';
import { badRequest, StatusError } from '../status.ts';
import { opened, placeOf, streamsOf } from './pod.ts';
import { backendOf } from './service-backend.ts';
import { arrayAt, numberAt, textAt } from '../json.ts';
import { entryAt } from '../verbs/read.ts';

/** Any method on `pods/[http:]NAME[:PORT]/proxy/PATH` and the same of services: asks there, and relays the answer. */
export async function proxyTo(api: Api, target: Target, request: ApiRequest): Promise<ApiResponse> {
  if (request.headers['upgrade'] !== undefined) throw badRequest('the proxy does not upgrade connections');
  const { name, port } = namedIn(target.name ?? '');
  const named = { ...target, name };
  const streams = streamsOf(api);
  const connection =
    target.resource.plural === 'pods'
      ? await opened(toPod(api, named, port, (place, number) => streams.connect(place, number)))
      : await opened(toService(api, named, port));
  return ask(connection, request);
}

type PodConnect = (place: ReturnType<typeof placeOf>, port: number) => Promise<Duplex>;

async function toPod(api: Api, target: Target, port: string, connect: PodConnect): Promise<Duplex> {
  const pod = entryAt(api, target).object;
  const [first] = arrayAt(pod, ['spec', 'containers']).flatMap((one) => arrayAt(one, ['ports']));
  const byName = arrayAt(pod, ['spec', 'containers'])
    .flatMap((one) => arrayAt(one, ['ports']))
    .find((one) => textAt(one, ['name']) === port);
  const number = port === '' ? numberAt(first, ['containerPort']) || 80 : Number(port);
  const chosen = byName === undefined ? number : numberAt(byName, ['containerPort']);
  if (!Number.isInteger(chosen) || chosen < 1 || chosen > 65_535)
    throw badRequest(`pod ${target.name} has no port ${port}`);
  return connect(placeOf(pod), chosen);
}

async function toService(api: Api, target: Target, port: string): Promise<Duplex> {
  const { node, address, port: number } = backendOf(api, target, port);
  return streamsOf(api).dial(node, { address, port: number });
}

/** `NAME`, `NAME:PORT` or `SCHEME:NAME:PORT`; only http is spoken. Throws 400. */
function namedIn(text: string): { name: string; port: string } {
  const parts = text.split(':');
  const [scheme = '', name = '', port = ''] = parts.length === 3 ? parts : ['', ...parts];
  if (parts.length > 3 || name === '') throw badRequest(`invalid service or pod ${JSON.stringify(text)}`);
  if (scheme !== '' && scheme !== 'http') throw badRequest(`the proxy speaks http, not ${scheme}`);
  return { name, port };
}

/** Of one connection (RFC 9110 section 7.6.1), or the client's secret for the API server and nobody else. */
const notPassedOn = new Set([
  'authorization',
  'connection',
  'content-length',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Whom the client acts for concerns the API server alone, too. */
function isPassedOn(name: string): boolean {
  return !notPassedOn.has(name) && !name.startsWith(':') && !name.startsWith('impersonate-');
}

/** How long an answer may take to begin. */
const answerMs = 60_000;

function ask(connection: Duplex, { method, path, query, headers, body }: ApiRequest): Promise<ApiResponse> {
  const [, rest = ''] = /\/proxy(\/.*)?$/.exec(path.slice(prefixOf(path).length)) ?? [];
  const search = query.size === 0 ? '' : `?${query.toString()}`;
  const passed = Object.entries(headers).filter(([name]) => isPassedOn(name));
  return new Promise((resolve, reject) => {
    const outgoing = send({
      method,
      path: `${rest || '/'}${search}`,
      headers: {
        ...Object.fromEntries(passed),
        host: 'proxied',
        'content-length': body.length,
        connection: 'close',
      },
      createConnection: () => connection,
    });
    const late = setTimeout(() => outgoing.destroy(new Error('no answer in time')), answerMs);
    outgoing.once('close', () => clearTimeout(late));
    outgoing.once('error', (error) => {
      connection.destroy();
      reject(
        new StatusError(503, 'ServiceUnavailable', `error trying to reach service: ${error.message}`, {}),
      );
    });
    outgoing.once('response', (response) => {
      clearTimeout(late);
      resolve(relayed(response));
    });
    outgoing.end(body);
  });
}

/** The path up to the name of what is asked, which may itself be `proxy`. */
function prefixOf(path: string): string {
  return /^\/api\/v1\/namespaces\/[^/]+\/(?:pods|services)\/[^/]+/.exec(path)?.[0] ?? '';
}

function relayed(response: IncomingMessage): ApiResponse {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined && (!notPassedOn.has(name) || name === 'content-length'))
      headers[name] = String(value);
  }
  return { status: response.statusCode ?? 502, headers, relay: response };
}
