import type { IncomingMessage } from 'node:http';
import { WeftError } from './errors.ts';
import { Agent, request } from './http.ts';
import { longestReply } from './rpc-limits.ts';

const timeoutMs = 30_000;

/** Idle connections do not keep the process alive. */
const agent = new Agent({ keepAlive: true, maxSockets: 64, maxFreeSockets: 8 });

/**
 * Calls a method of an `createRpcServer` on the unix socket `path` and returns the JSON it answers, undefined
 * for 204. Not validated: the caller knows the shape. Throws the server's own error (its code and message), or
 * `rpc-unreachable` when nobody answers on the socket, `rpc-timeout` after 30 seconds, `rpc-malformed`.
 */
export async function rpcCall(path: string, method: string, url: string, body?: unknown): Promise<unknown> {
  const call = { path, method, url, text: body === undefined ? undefined : JSON.stringify(body) };
  try {
    return await attempt(call);
  } catch (thrown) {
    // The server may close an idle connection just as it is used again; a POST may have been carried out.
    if (thrown instanceof ReusedConnectionLost && method !== 'POST') return await attempt(call);
    if (thrown instanceof ReusedConnectionLost) throw thrown.error;
    throw thrown;
  }
}

interface Call {
  readonly path: string;
  readonly method: string;
  readonly url: string;
  readonly text: string | undefined;
}

class ReusedConnectionLost extends Error {
  readonly error: WeftError;

  constructor(error: WeftError) {
    super(error.message);
    this.error = error;
  }
}

function attempt(call: Call): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const { path, method, url, text } = call;
    const headers =
      text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const outgoing = request({ socketPath: path, method, path: url, headers, agent, timeout: timeoutMs });
    outgoing.once('timeout', () => {
      outgoing.destroy(
        new WeftError('rpc-timeout', `no answer on ${path} within ${timeoutMs} ms`, { fault: 'environment' }),
      );
    });
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      const classified = classifyTransport(path, error);
      const lost = outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(lost ? new ReusedConnectionLost(classified) : classified);
    });
    outgoing.once('response', (response) => {
      readReply(response).then(resolve, (thrown: unknown) => reject(classifyTransport(path, thrown)));
    });
    outgoing.end(text);
  });
}

/** What a broken connection means to a caller. */
export function classifyTransport(path: string, thrown: unknown): WeftError {
  if (thrown instanceof WeftError) return thrown;
  return new WeftError('rpc-unreachable', `nobody answers on ${path}`, {
    hint: 'The process that serves it is not running, or is just being restarted.',
    cause: thrown,
    fault: 'environment',
  });
}

/** The JSON of a reply. Throws the error it carries, or `rpc-malformed`. */
export async function readReply(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > longestReply) throw malformed('is too long');
    chunks.push(chunk);
  }
  const value = length === 0 ? undefined : parse(Buffer.concat(chunks).toString());
  const status = response.statusCode ?? 0;
  if (status >= 400) throw errorOf(status, value);
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new WeftError('rpc-malformed', 'the reply is not JSON', { cause });
  }
}

const malformed = (what: string): WeftError => new WeftError('rpc-malformed', `the reply ${what}`);

function errorOf(status: number, value: unknown): WeftError {
  if (typeof value !== 'object' || value === null) return malformed(`has status ${status} and says no more`);
  const { code, message, hint } = value as Record<string, unknown>;
  if (typeof code !== 'string' || typeof message !== 'string')
    return malformed(`has status ${status} and no code`);
  const fault = status === 400 ? 'input' : status === 503 ? 'environment' : 'check';
  return new WeftError(code, message, typeof hint === 'string' ? { hint, fault } : { fault });
}
