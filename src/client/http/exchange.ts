import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import { constants } from 'node:http2';
import { sleep } from '../../lib/sleep.ts';
import { apiCode, apiError, unavailable } from '../errors.ts';
import type { Counters } from './counts.ts';
import { limits, wantedOf, type ClientOptions } from './options.ts';
import { retryDelayMs, type Answer } from './retry-after.ts';
import type { Connection } from './session.ts';

/** One request. `path` holds the query too; `contentType` goes with `body`. */
export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  readonly contentType?: string;
  /** For error messages: `create Pod shop/web-0`. */
  readonly what: string;
}

/** Sends requests over the one connection and classifies whatever comes back; nothing above sees HTTP. */
export interface Exchange {
  /** The parsed body of a 2xx answer. Rejects as `Client` says. */
  send(request: Request): Promise<unknown>;
  /** The body of a 2xx answer as it arrives; ends with the stream. */
  stream(request: Request, signal: AbortSignal): Promise<ClientHttp2Stream>;
}

export interface ExchangeOptions extends ClientOptions {
  readonly counters: Counters;
  /** Ends the waits between repetitions. */
  readonly closing: AbortSignal;
}

export function createExchange(connection: Connection, options: ExchangeOptions): Exchange {
  const { counters } = options;
  const prefix = new URL(options.server).pathname.replace(/\/$/, '');
  const timeoutMs = options.requestTimeoutMs ?? 30_000;

  function start(session: ClientHttp2Session, request: Request): ClientHttp2Stream {
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    const stream = session.request(headersOf(request, { prefix, options, body }), {
      endStream: body === undefined,
    });
    if (body !== undefined) stream.end(body);
    return stream;
  }

  async function open(request: Request): Promise<ClientHttp2Stream> {
    try {
      counters.requests += 1;
      return start(await connection.acquire(), request);
    } catch (thrown) {
      throw unavailable(request.what, thrown);
    }
  }

  /** Runs `use` on the answer to a request, which is sent again as long as the server asks for that. */
  async function answered<T>(request: Request, use: (opened: Opened) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const stream = await open(request);
      const cancel = options.clock.after(timeoutMs, () =>
        stream.destroy(new Error(`no answer within ${timeoutMs} ms`)),
      );
      try {
        const answer = await answerOf(stream, request.what);
        const waitMs = retryDelayMs(answer, attempt);
        if (waitMs === undefined) return await use({ stream, status: answer.status });
        counters.retries += 1;
        stream.close(constants.NGHTTP2_CANCEL);
        await sleep(options.clock, waitMs, options.closing);
      } finally {
        cancel();
      }
    }
  }

  async function counted<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (thrown) {
      if (apiCode(thrown) === 'api-unavailable') counters.failures += 1;
      throw thrown;
    }
  }

  return {
    send: (request) =>
      counted(
        answered(request, async ({ stream, status }) =>
          parse(status, wantedOf(await bodyOf(stream, request.what), options), request.what),
        ),
      ),
    stream: (request, signal) =>
      counted(
        answered(request, async ({ stream, status }) => {
          const abort = (): void => stream.close(constants.NGHTTP2_CANCEL);
          // `aborted` may have come meanwhile; the listener then never would.
          if (signal.aborted) abort();
          else signal.addEventListener('abort', abort, { once: true });
          stream.once('close', () => signal.removeEventListener('abort', abort));
          if (status >= 200 && status < 300) return stream;
          parse(status, await bodyOf(stream, request.what), request.what);
          throw unavailable(request.what, `answered ${status}`);
        }),
      ),
  };
}

interface Opened {
  readonly stream: ClientHttp2Stream;
  readonly status: number;
}

function headersOf(
  request: Request,
  { prefix, options, body }: { prefix: string; options: ClientOptions; body: Buffer | undefined },
): OutgoingHttpHeaders {
  const token = typeof options.token === 'function' ? options.token() : options.token;
  return {
    ':method': request.method,
    ':path': prefix + request.path,
    accept: 'application/json',
    'user-agent': 'weft',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined
      ? {}
      : { 'content-type': request.contentType ?? 'application/json', 'content-length': body.length }),
  };
}

function answerOf(stream: ClientHttp2Stream, what: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const closed = (): void => reject(unavailable(what, 'the connection was lost before an answer came'));
    stream.once('response', (headers) => {
      stream.off('close', closed);
      resolve({ status: headers[':status'] ?? 0, retryAfter: headers['retry-after'] });
    });
    stream.on('error', (error) => reject(unavailable(what, error)));
    stream.once('close', closed);
  });
}

async function bodyOf(stream: ClientHttp2Stream, what: string): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > limits.bodyBytes)
        stream.destroy(new Error(`the answer is longer than ${limits.bodyBytes} bytes`));
    });
    stream.once('error', (error) => reject(unavailable(what, error)));
    const closed = (): void =>
      reject(unavailable(what, 'the connection was lost in the middle of an answer'));
    stream.once('end', () => {
      stream.off('close', closed);
      resolve(Buffer.concat(chunks).toString());
    });
    stream.once('close', closed);
  });
}

function parse(status: number, body: string, what: string): unknown {
  const parsed = parseJson(body);
  if (status >= 200 && status < 300) {
    if (parsed !== undefined) return parsed;
    throw unavailable(what, 'the answer is not JSON');
  }
  const { reason, message } = statusFields(parsed);
  throw apiError(
    {
      status,
      ...(typeof reason === 'string' ? { reason } : {}),
      ...(typeof message === 'string' ? { message } : {}),
    },
    what,
  );
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function statusFields(value: unknown): { reason?: unknown; message?: unknown } {
  return typeof value === 'object' && value !== null ? value : {};
}
