import {
  connect,
  constants,
  createServer,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { ServerAccess } from '../../src/client/http/options.ts';

/** What becomes of one request on its way. */
export type Fault =
  /** It arrives later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Its stream is reset, before (`request`) or after (`answer`) the server has done it. */
  | { readonly kind: 'reset'; readonly lost: 'request' | 'answer' }
  /** The whole connection goes. */
  | { readonly kind: 'cut' }
  /** It is answered here, and never gets to the server. */
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfter?: number }
  /** A watch goes on, but says nothing any more. */
  | { readonly kind: 'swallow' }
  /** A list that was answered before is answered once more, as old as it is. */
  | { readonly kind: 'stale' };

export interface ProxiedRequest {
  readonly method: string;
  readonly path: string;
  readonly isWatch: boolean;
  readonly isList: boolean;
}

/** An HTTP/2 proxy on loopback that misbehaves as it is told; with `fault` unset it only passes on. */
export interface FaultyProxy {
  readonly access: ServerAccess;
  fault: ((request: ProxiedRequest) => Fault | undefined) | undefined;
  /** How often each fault was done. */
  readonly done: ReadonlyMap<Fault['kind'], number>;
  close(): Promise<void>;
}

export async function startFaultyProxy(target: ServerAccess): Promise<FaultyProxy> {
  const sessions = new Set<ServerHttp2Session>();
  const done = new Map<Fault['kind'], number>();
  const lists = new Map<string, { readonly headers: IncomingHttpHeaders; readonly body: Buffer }>();
  const upstream = reconnecting(target);
  const server = createServer();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
    session.on('close', () => sessions.delete(session));
  });

  function pass(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, fault: Fault | undefined): void {
    const path = headers[':path'] ?? '/';
    const forward = upstream().request(Object.fromEntries(passed.map((name) => [name, headers[name]])));
    const pieces: Buffer[] = [];
    stream.pipe(forward);
    forward.on('error', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
    stream.on('close', () => forward.close(constants.NGHTTP2_CANCEL));
    let answered: IncomingHttpHeaders = {};
    forward.on('response', (answer) => {
      answered = answer;
      // A stream that ended early has sent headers of its own.
      if (fault?.kind === 'reset' || stream.destroyed || stream.headersSent) return;
      const { ':status': status = 502, 'content-type': type = 'application/json' } = answer;
      stream.respond({ ':status': status, 'content-type': type });
    });
    forward.on('data', (piece: Buffer) => {
      pieces.push(piece);
      if (fault?.kind !== 'swallow' && fault?.kind !== 'reset' && !stream.destroyed) stream.write(piece);
    });
    forward.on('end', () => {
      if (isList(headers) && Number(answered[':status']) === 200 && !lists.has(path)) {
        lists.set(path, { headers: answered, body: Buffer.concat(pieces) });
      }
      if (fault?.kind === 'reset') stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      else if (!stream.destroyed) stream.end();
    });
  }

  function answer(stream: ServerHttp2Stream, { status, retryAfter }: Fault & { kind: 'answer' }): void {
    const body = {
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      code: status,
      message: 'the proxy says no',
    };
    stream.respond({
      ':status': status,
      'content-type': 'application/json',
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
    });
    stream.end(JSON.stringify(body));
  }

  /** Whether the fault is the whole fate of the request. */
  function isFate(stream: ServerHttp2Stream, path: string, fault: Fault): boolean {
    if (fault.kind === 'answer') answer(stream, fault);
    else if (fault.kind === 'cut') stream.session?.destroy();
    else if (fault.kind === 'reset' && fault.lost === 'request')
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    else if (fault.kind === 'stale') {
      const old = lists.get(path);
      if (old === undefined) return false;
      stream.respond({ ':status': 200, 'content-type': 'application/json' });
      stream.end(old.body);
    } else return false;
    return true;
  }

  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const { ':method': method = 'GET', ':path': path = '/' } = headers;
    const request = { method, path, isWatch: path.includes('watch=true'), isList: isList(headers) };
    const fault = proxy.fault?.(request);
    if (fault !== undefined) done.set(fault.kind, (done.get(fault.kind) ?? 0) + 1);
    if (fault !== undefined && isFate(stream, path, fault)) return;
    if (fault?.kind === 'delay') setTimeout(() => pass(stream, headers, fault), fault.ms);
    else pass(stream, headers, fault);
  });

  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  const { token } = target;
  const proxy: FaultyProxy = {
    access: { server: `http://127.0.0.1:${port}`, ...(token === undefined ? {} : { token }) },
    fault: undefined,
    done,
    async close() {
      for (const session of sessions) session.destroy();
      upstream().destroy();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
  return proxy;
}

/** Headers that the server is told. */
const passed = [':method', ':path', 'authorization', 'accept', 'content-type', 'user-agent'];

/** A collection, of one page at least; not a watch. */
function isList({ ':method': method, ':path': path = '' }: IncomingHttpHeaders): boolean {
  return method === 'GET' && path.includes('limit=');
}

/** A session to the server, made again when it is gone. */
function reconnecting({ server, ca }: ServerAccess): () => ClientHttp2Session {
  let session: ClientHttp2Session | undefined;
  return () => {
    if (session === undefined || session.closed || session.destroyed) {
      session = connect(server, ca === undefined ? {} : { ca });
      session.on('error', () => {});
    }
    return session;
  };
}
