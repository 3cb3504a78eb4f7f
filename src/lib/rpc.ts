import { lstatSync, unlinkSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { WeftError, messageOf } from './errors.ts';
import { createServer } from './http.ts';
import type { Service } from './lifecycle.ts';
import type { Log } from './log.ts';
import { longestSocketPath } from './rpc-limits.ts';
import type { RpcHandler, RpcUpgrade } from './rpc-port.ts';
import { isUnexpected, readBody, replyTo, sendError } from './rpc-reply.ts';
import { compileRoutes, type RouteMatcher } from './rpc-routes.ts';
import { serveUpgrades } from './rpc-upgrade.ts';

export interface RpcServerOptions {
  /** Path of the unix socket. */
  readonly path: string;
  /** Handlers by `METHOD /path/:parameter`. */
  readonly routes: Readonly<Record<string, RpcHandler>>;
  /** Those that take the connection over: see `rpcUpgrade`. */
  readonly upgrades?: Readonly<Record<string, RpcUpgrade>>;
  readonly log: Log;
  /** Longest request body in bytes; 1 MiB when absent. */
  readonly bodyLimit?: number;
}

const defaultBodyLimit = 1 << 20;

/**
 * JSON over HTTP/1.1 on a unix socket that only its owner may open (mode 0600). A handler's `WeftError` is
 * answered as `{"code","message","hint"}`: fault `input` with status 400, `environment` with 503, others with
 * 409; anything else it throws with 500 and code `rpc-internal`.
 *
 * `start` replaces a socket file that nobody answers on. It throws `rpc-in-use` when somebody does,
 * `rpc-path-taken` when the path is something else than a socket, and `rpc-path-invalid` when it is too long.
 */
export function createRpcServer(options: RpcServerOptions): Service {
  const match = compileRoutes(options.routes);
  let server: Server | undefined;
  let endUpgraded: (() => void) | undefined;
  return {
    async start() {
      if (server !== undefined) return;
      server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
        void handle(options, match, { request, response });
      });
      endUpgraded = serveUpgrades(server, options);
      try {
        await bind(server, options.path);
      } catch (thrown) {
        server = undefined;
        throw thrown;
      }
    },
    async stop() {
      const running = server;
      server = undefined;
      if (running === undefined) return;
      await new Promise<void>((resolve) => {
        running.close(() => resolve());
        running.closeAllConnections();
        endUpgraded?.();
      });
    },
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function handle(
  options: RpcServerOptions,
  match: RouteMatcher<RpcHandler>,
  exchange: Exchange,
): Promise<void> {
  const { request, response } = exchange;
  try {
    const { handler, parameters, query } = match(request.method ?? '', request.url ?? '');
    const body = await readBody(request, options.bodyLimit ?? defaultBodyLimit);
    replyTo(response, await handler({ parameters, query, body }));
  } catch (thrown) {
    // A caller that went away is no failure, and what is answered with a code is the caller's to tell.
    if (isUnexpected(thrown) && !response.destroyed) {
      options.log.error({ url: request.url, error: messageOf(thrown) }, 'a local call failed unexpectedly');
    }
    sendError(exchange, thrown);
  }
}

async function bind(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > longestSocketPath) {
    throw new WeftError(
      'rpc-path-invalid',
      `the socket path ${path} is longer than ${longestSocketPath} bytes`,
      {
        hint: 'Use a shorter run directory.',
        fault: 'environment',
      },
    );
  }
  await removeStale(path);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // Binding happens inside this call, so the mask makes the file private from its first moment on.
    const mask = process.umask(0o177);
    try {
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(mask);
    }
  });
}

async function removeStale(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) {
    throw new WeftError('rpc-path-taken', `${path} exists and is not a socket`, { fault: 'environment' });
  }
  if (await somebodyAnswers(path)) {
    throw new WeftError('rpc-in-use', `another process answers on ${path}`, { fault: 'environment' });
  }
  unlinkSync(path);
}

/** Only a refused connection shows that nobody listens: a full backlog (EAGAIN) is somebody who is busy. */
function somebodyAnswers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}
