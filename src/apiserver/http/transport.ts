import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { pipeline } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { messageOf, WeftError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { badRequest, StatusError, statusOf, tooLarge } from '../status.ts';
import { createBacklog, type Backlog, type BacklogOptions } from './backlog.ts';
import { certificateUser } from './certificate-user.ts';
import {
  jsonResponse,
  type ApiRequest,
  type ApiResponse,
  type BodyResponse,
  type RelayResponse,
} from './messages.ts';
import { sendBody } from './send-body.ts';
import { createSink } from './sink.ts';

/** What kube-apiserver takes too (its limit for one request). */
export const bodyLimitBytes = 3 * 1024 * 1024;

const bodyTimeoutMs = 30_000;

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

export interface TransportOptions {
  readonly handle: (request: ApiRequest) => Promise<ApiResponse>;
  readonly log: Log;
  /** Throws a StatusError for a request that is not worth reading; asked before the body is. */
  readonly precheck: (head: Omit<ApiRequest, 'body'>) => void;
  /** See `Store.committed`: what watches wait for. */
  readonly committed: () => Promise<void> | undefined;
  readonly backlog?: BacklogOptions;
}

type Options = Omit<TransportOptions, 'backlog'> & { readonly backlog: Backlog };

/** The listener of a node:http or node:http2 server: reads the body within bounds, asks `handle`, sends. */
export function createRequestListener(
  options: TransportOptions,
): (request: Request, response: Response) => void {
  const shared = { ...options, backlog: createBacklog(options.backlog) };
  return (request, response) => {
    const ignore = (error: unknown): void =>
      options.log.debug({ error: messageOf(error) }, 'client went away');
    request.on('error', ignore);
    response.on('error', ignore);
    void serve(shared, request, response).catch(ignore);
  };
}

async function serve(options: Options, request: Request, response: Response): Promise<void> {
  const answer = await answerTo(options, request);
  if (response.destroyed || response.writableEnded) {
    if ('relay' in answer) answer.relay.destroy();
    return;
  }
  if ('body' in answer) sendAnswer(options, answer, { request, response });
  else if ('relay' in answer) relay(answer, response);
  else if ('upgrade' in answer) sendAnswer(options, notUpgraded, { request, response });
  else {
    setHead(response, answer.status, answer.headers);
    // A watch may have nothing to say for long: its client shall know that it stands.
    if ('stream' in response) response.writeHead(answer.status);
    else response.flushHeaders();
    const sink = createSink(response, options);
    const stop = answer.stream(sink);
    if ('stream' in response) response.once('close', stop);
    else response.once('close', stop);
    sink.started();
  }
}

/** A connection that cannot become anything else: HTTP/2's, or one whose client named no protocol. */
const notUpgraded = jsonResponse(400, statusOf(badRequest('Upgrade request required')));

function relay(answer: RelayResponse, response: Response): void {
  setHead(response, answer.status, answer.headers);
  if ('stream' in response) response.writeHead(answer.status);
  else response.flushHeaders();
  pipeline(answer.relay, response, () => {});
}

/** What a request is answered with; a failure is an answer, too. */
export async function answerTo(
  options: Pick<TransportOptions, 'handle' | 'log' | 'precheck'>,
  request: Request,
  bodyOf: (request: Request) => Promise<Uint8Array> = readBody,
): Promise<ApiResponse> {
  try {
    const head = headOf(request);
    options.precheck(head);
    return await options.handle({ ...head, body: await bodyOf(request) });
  } catch (thrown) {
    if (thrown instanceof StatusError) return jsonResponse(thrown.status, statusOf(thrown));
    options.log.error({ error: messageOf(thrown), path: request.url }, 'a request failed');
    const message = `Internal error occurred${toldOf(thrown)}`;
    return jsonResponse(500, statusOf(new StatusError(500, 'InternalError', message, {})));
  }
}

/** What a client can know of an accident: that the disk is full, say, which is somebody's to mend; never a defect's text. */
function toldOf(thrown: unknown): string {
  return thrown instanceof WeftError && thrown.code === 'store-failed' ? `: ${thrown.message}` : '';
}

function sendAnswer(
  { backlog }: Options,
  answer: BodyResponse,
  { request, response }: { request: Request; response: Response },
): void {
  const body = Buffer.from(answer.body);
  // A body that was refused unread would be taken for the next request.
  const unread = !request.complete && request.httpVersionMajor === 1;
  setHead(response, answer.status, {
    'cache-control': 'no-cache, private',
    ...answer.headers,
    'content-length': String(body.length),
    ...(unread && { connection: 'close' }),
  });
  if (request.method === 'HEAD') response.end();
  else sendBody(response, body, backlog);
  // What a client still sends after its answer is not waited for (RFC 9113 section 8.1).
  if ('stream' in response && !request.complete)
    response.once('finish', () => response.stream.close(constants.NGHTTP2_NO_ERROR));
}

function setHead(response: Response, status: number, headers: Readonly<Record<string, string>>): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

function headOf(request: Request): Omit<ApiRequest, 'body'> {
  const [path, search] = split(request.url ?? '/');
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = String(value);
  const socket = 'stream' in request ? request.stream.session?.socket : request.socket;
  const certificate = socket instanceof TLSSocket ? certificateUser(socket) : undefined;
  const remoteAddress = socket?.remoteAddress;
  return {
    method: request.method ?? 'GET',
    path,
    query: new URLSearchParams(search),
    headers,
    rawHeaders: request.rawHeaders,
    ...(certificate !== undefined && { certificate }),
    ...(remoteAddress !== undefined && { remoteAddress }),
  };
}

function split(url: string): [string, string] {
  const mark = url.indexOf('?');
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
}

function readBody(request: Request): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const pieces: Buffer[] = [];
  let size = 0;
  const slow = setTimeout(
    () => reject(new StatusError(408, 'Timeout', 'the body did not arrive in time', {})),
    bodyTimeoutMs,
  );
  request.on('data', (piece: Buffer) => {
    size += piece.length;
    if (size > bodyLimitBytes) reject(tooLarge(bodyLimitBytes));
    else pieces.push(piece);
  });
  let complete = false;
  request.on('end', () => {
    complete = true;
    resolve(Buffer.concat(pieces));
  });
  request.on('close', () => {
    if (!complete) reject(new StatusError(400, 'BadRequest', 'the body ended early', {}));
  });
  return promise.finally(() => clearTimeout(slow));
}
