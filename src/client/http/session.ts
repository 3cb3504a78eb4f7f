import { connect, constants, type ClientHttp2Session, type SecureClientSessionOptions } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { backOffMs } from '../../lib/back-off.ts';
import type { Clock } from '../../lib/clock.ts';
import { WeftError } from '../../lib/errors.ts';
import { sleep } from '../../lib/sleep.ts';
import type { Counters } from './counts.ts';
import type { ClientOptions } from './options.ts';

/** One HTTP/2 connection for everything, made when needed and made again after it broke. */
export interface Connection {
  /** The live session; waits for a connection attempt, and before it for the back-off after a failed one. */
  acquire(): Promise<ClientHttp2Session>;
  close(): void;
}

const backOff = { firstMs: 50, mostMs: 2_000 };
const pingEveryMs = 10_000;
/** A server that is only slow must not lose its connections as well: upstream's clients wait as long. */
const pingTimeoutMs = 15_000;
const connectTimeoutMs = 10_000;
/** Lists are large and come as fast as they can: windows of 64 KiB would make them wait for round trips. */
const windowBytes = 4 * 1024 * 1024;

/** Connects nothing before the first `acquire`. Rejections of `acquire` are the socket's own errors. */
export function createConnection(options: ClientOptions, counters: Counters): Connection {
  const { clock, log } = options;
  let session: ClientHttp2Session | undefined;
  let connecting: Promise<ClientHttp2Session> | undefined;
  let failures = 0;
  let notBefore = 0;
  const closing = new AbortController();

  async function reconnect(): Promise<ClientHttp2Session> {
    const waitMs = notBefore - clock.monotonic();
    if (waitMs > 0) await sleep(clock, waitMs, closing.signal);
    if (closing.signal.aborted) throw closed();
    try {
      const fresh = await open(options, closing.signal);
      failures = 0;
      counters.connections += 1;
      adopt(fresh);
      return fresh;
    } catch (thrown) {
      failures += 1;
      notBefore = clock.monotonic() + backOffMs(failures, backOff);
      throw thrown;
    }
  }

  function adopt(fresh: ClientHttp2Session): void {
    session = fresh;
    const stopPings = keepAlive(fresh, clock);
    fresh.on('error', (error) => log.debug({ error: error.message }, 'connection to the API server broke'));
    const forget = (): void => {
      if (session === fresh) session = undefined;
    };
    // After GOAWAY running streams may end; new ones need a new connection.
    fresh.on('goaway', forget);
    fresh.on('close', () => {
      stopPings();
      forget();
    });
  }

  return {
    acquire() {
      if (closing.signal.aborted) return Promise.reject(closed());
      if (session !== undefined && !session.closed && !session.destroyed) return Promise.resolve(session);
      connecting ??= reconnect().finally(() => {
        connecting = undefined;
      });
      return connecting;
    },
    close() {
      closing.abort();
      session?.destroy();
      session = undefined;
    },
  };
}

function open(options: ClientOptions, signal: AbortSignal): Promise<ClientHttp2Session> {
  const { promise, resolve, reject } = Promise.withResolvers<ClientHttp2Session>();
  const server = new URL(options.server);
  const session = connect(server.origin, {
    ...tlsOptions(options),
    ...(options.socketPath !== undefined && {
      createConnection: () => openSocket(options.socketPath ?? '', server, options),
    }),
    settings: { initialWindowSize: windowBytes, enablePush: false },
  });
  const give = (error: Error): void => {
    session.destroy();
    reject(error);
  };
  const abort = (): void => give(closed());
  signal.addEventListener('abort', abort, { once: true });
  const cancelTimeout = options.clock.after(connectTimeoutMs, () =>
    give(new Error('connecting took too long')),
  );
  session.once('error', give);
  session.once('connect', () => {
    session.setLocalWindowSize(windowBytes);
    session.off('error', give);
    resolve(session);
  });
  return promise.finally(() => {
    cancelTimeout();
    signal.removeEventListener('abort', abort);
    // A connection that failed may report it more than once.
    session.on('error', () => {});
  });
}

/** With TLS as over TCP: it is the server's certificate and token that count, not where its socket is. */
function openSocket(path: string, { protocol, hostname: host }: URL, options: ClientOptions): Duplex {
  if (protocol !== 'https:') return connectSocket({ path });
  return connectTls({ path, host, ALPNProtocols: ['h2'], ...tlsOptions(options) });
}

function tlsOptions(options: ClientOptions): SecureClientSessionOptions {
  return {
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(options.cert === undefined ? {} : { cert: options.cert }),
    ...(options.key === undefined ? {} : { key: options.key }),
    ...(options.serverName === undefined ? {} : { servername: options.serverName }),
    ...(options.insecure === true ? { rejectUnauthorized: false } : {}),
  };
}

/** A peer that vanished without a word is noticed by pings, so that a watch never waits on a dead connection. */
function keepAlive(session: ClientHttp2Session, clock: Clock): () => void {
  let cancel = clock.after(pingEveryMs, ping);
  function ping(): void {
    // It may have ended in this very turn, and who ends the pings has not heard of it yet.
    if (session.destroyed) return;
    cancel = clock.after(pingTimeoutMs, () =>
      session.destroy(new Error('no answer to a ping'), constants.NGHTTP2_CANCEL),
    );
    const sent = session.ping((error) => {
      if (error !== null) return;
      cancel();
      cancel = clock.after(pingEveryMs, ping);
    });
    if (!sent) session.destroy();
  }
  return () => cancel();
}

const closed = (): WeftError => new WeftError('api-unavailable', 'the client was closed');
