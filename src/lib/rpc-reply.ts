import type { IncomingMessage, ServerResponse } from 'node:http';
import { WeftError, type Fault } from './errors.ts';
import { mostUnreadBytes } from './rpc-limits.ts';
import type { RpcReply, RpcStream, RpcText } from './rpc-port.ts';

/** A failure with the HTTP status it is answered with, where the fault does not say it. */
export class RpcStatusError extends Error {
  readonly status: number;
  readonly error: WeftError;

  constructor(status: number, error: WeftError) {
    super(error.message);
    this.status = status;
    this.error = error;
  }
}

const statusOf = { check: 409, input: 400, environment: 503 } as const satisfies Record<Fault, number>;

/** Reads a JSON body of at most `limit` bytes. Throws `rpc-body-too-large` (413) and `rpc-malformed` (400). */
export async function readBody(request: IncomingMessage, limit: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) {
      throw new RpcStatusError(413, new WeftError('rpc-body-too-large', `the body exceeds ${limit} bytes`));
    }
    chunks.push(chunk);
  }
  if (length === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
  } catch (cause) {
    throw new WeftError('rpc-malformed', 'the body is not JSON', { cause, fault: 'input' });
  }
}

/** Sends a handler's answer. */
export function replyTo(response: ServerResponse, reply: RpcReply): void {
  if ('stream' in reply) {
    sendStream(response, reply);
    return;
  }
  if ('text' in reply) {
    sendText(response, 200, reply);
    return;
  }
  if (reply.body === undefined) {
    response.writeHead(reply.status ?? 204).end();
    return;
  }
  sendText(response, reply.status ?? 200, { text: JSON.stringify(reply.body), type: 'application/json' });
}

function sendText(response: ServerResponse, status: number, { text, type }: RpcText): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
}

function sendStream(response: ServerResponse, reply: RpcStream): void {
  if (response.destroyed) return;
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  response.flushHeaders();
  const ended = reply.stream((value) => {
    if (response.destroyed) return;
    response.write(`${JSON.stringify(value)}\n`);
    if (response.writableLength > mostUnreadBytes) response.destroy();
  });
  response.once('close', ended);
}

/** Answers with what was thrown, as `{"code","message","hint"}`. */
export function sendError(
  exchange: { request: IncomingMessage; response: ServerResponse },
  thrown: unknown,
): void {
  const { request, response } = exchange;
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { status, error } = classify(thrown);
  // A body that was not read to its end would be taken for the next request.
  if (!request.complete) response.setHeader('connection', 'close');
  replyTo(response, { status, body: { code: error.code, message: error.message, hint: error.hint } });
}

/** Whether this was thrown by accident: the caller learns no more than that. */
export function isUnexpected(thrown: unknown): boolean {
  return !(thrown instanceof RpcStatusError || thrown instanceof WeftError);
}

/** The status and the error that a caller is told of. */
export function classify(thrown: unknown): { status: number; error: WeftError } {
  if (thrown instanceof RpcStatusError) return thrown;
  if (thrown instanceof WeftError) return { status: statusOf[thrown.fault], error: thrown };
  return {
    status: 500,
    error: new WeftError('rpc-internal', 'the call failed unexpectedly; the log says more'),
  };
}
