import { rmSync } from 'node:fs';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import { WeftError } from '../../lib/errors.ts';
import { pieceBytes } from './sink.ts';
import type { createRequestListener } from './transport.ts';
import type { createUpgradeListener } from './upgrade.ts';

/** PEM texts. With `clientAuthority`, clients may show a certificate that it signed instead of a token. */
export interface Certificates {
  readonly certificate: string;
  readonly key: string;
  readonly clientAuthority?: string;
}

/**
 * Where to listen: a port on a loopback address (0 lets the kernel choose), a unix socket, whose file is replaced, or a
 * socket that listens already.
 */
export type ListenAt =
  | { readonly port: number; readonly host?: string }
  | { readonly path: string }
  | { readonly fd: number };

export interface Listening {
  /** 0 for a socket whose port is not known. */
  readonly port: number;
  /** Ends open connections and stops listening. Idempotent. */
  close(): Promise<void>;
}

/** Who answers what arrives. */
export interface Listeners {
  readonly onRequest: ReturnType<typeof createRequestListener>;
  readonly onUpgrade: ReturnType<typeof createUpgradeListener>;
}

/** A TLS server that speaks HTTP/2 and HTTP/1.1 on one socket. Rejects with `listen-failed`. */
export async function listen(
  at: ListenAt,
  certificates: Certificates,
  listeners: Listeners,
): Promise<Listening> {
  const server = secureServer(certificates, listeners);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', (cause: Error & { code?: string }) =>
    reject(
      new WeftError('listen-failed', `cannot listen: ${cause.message}`, {
        cause,
        fault: 'environment',
        ...(cause.code === 'EADDRINUSE' && { hint: 'The port is taken; choose another, or 0 for any.' }),
      }),
    ),
  );
  if ('path' in at) rmSync(at.path, { force: true });
  server.listen('port' in at ? { host: '127.0.0.1', ...at } : at, resolve);
  await promise;
  server.on('error', () => {});
  return { port: portOf(server.address()), close: closer(server, server) };
}

/** Serves the connections that `listener`, a plain TCP server of somebody else, accepts; closing leaves it listening. */
export function attach(listener: Server, certificates: Certificates, listeners: Listeners): Listening {
  const server = secureServer(certificates, listeners);
  const forward = (socket: Socket): void => void server.emit('connection', socket);
  listener.on('connection', forward);
  const close = closer(server, undefined);
  return {
    port: portOf(listener.address()),
    close: () => {
      listener.off('connection', forward);
      return close();
    },
  };
}

function secureServer(certificates: Certificates, { onRequest, onUpgrade }: Listeners): Http2SecureServer {
  const server = createSecureServer({
    allowHTTP1: true,
    cert: certificates.certificate,
    key: certificates.key,
    settings: { maxConcurrentStreams },
    maxSessionMemory: sessionMegabytes,
    handshakeTimeout: handshakeMs,
    ...(certificates.clientAuthority !== undefined && {
      ca: certificates.clientAuthority,
      requestCert: true,
      rejectUnauthorized: false,
    }),
  });
  server.on('request', onRequest);
  server.on('upgrade', onUpgrade);
  // A peer that vanished is noticed, and one that has nothing to ask does not keep its session.
  server.on('secureConnection', (socket: Socket) => void socket.setKeepAlive(true, keepAliveMs));
  server.on('session', closeWhenIdle);
  // A broken handshake or session concerns its client only.
  for (const event of ['sessionError', 'tlsClientError', 'clientError']) server.on(event, endSocket);
  return server;
}

const maxConcurrentStreams = 1000;

/**
 * What a connection may hold, in MB, before what its client asks is refused (ENHANCE_YOUR_CALM): a piece under way for
 * each of its streams fits in twice. A client that asks for many lists at once is healthy, and is never refused.
 */
const sessionMegabytes = Math.ceil((2 * maxConcurrentStreams * pieceBytes) / 1e6);

/** A connection that does not even finish its handshake is half-open, or a nuisance. */
const handshakeMs = 10_000;

const keepAliveMs = 30_000;

const idleMs = 300_000;

function closeWhenIdle(session: ServerHttp2Session): void {
  let streams = 0;
  session.on('stream', (stream) => {
    streams += 1;
    stream.once('close', () => (streams -= 1));
  });
  session.setTimeout(idleMs, () => {
    if (streams === 0) session.close();
  });
}

function endSocket(_error: Error, socket: Socket | undefined): void {
  socket?.destroy();
}

function closer(server: Http2SecureServer, listening: Http2SecureServer | undefined): () => Promise<void> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  server.on('connection', track);
  let closed: Promise<void> | undefined;
  return () => {
    closed ??= new Promise((resolve) => {
      if (listening === undefined) resolve();
      else listening.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
    return closed;
  };
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}
