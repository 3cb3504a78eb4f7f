import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WeftError } from '../lib/errors.ts';
import { splice } from '../lib/splice.ts';

export interface LoopbackPortOptions {
  /** 0 lets the kernel choose. */
  readonly port: number;
  /** Where each connection leads. */
  readonly connect: () => Promise<Duplex>;
  /** Told why a connection leads nowhere; its client finds it closed. */
  readonly onRefused: (error: unknown) => void;
}

/** A port of this machine's loopback whose connections lead somewhere else. */
export interface LoopbackPort {
  readonly port: number;
  /** Ends its connections too. */
  close(): Promise<void>;
}

/** Many more than a browser opens to one place. */
const mostConnections = 512;

/**
 * Listens on 127.0.0.1 and hands every connection on, its ends apart. Rejects with `listen-failed`.
 */
export async function openLoopbackPort(options: LoopbackPortOptions): Promise<LoopbackPort> {
  const clients = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    clients.add(client);
    client.once('close', () => clients.delete(client));
    client.on('error', () => client.destroy());
    options.connect().then(
      (inside) => splice(client, inside),
      (error: unknown) => {
        client.destroy();
        options.onRefused(error);
      },
    );
  });
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenFailure(options.port, cause)));
    server.listen({ host: '127.0.0.1', port: options.port }, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const client of clients) client.destroy();
      }),
  };
}

function listenFailure(port: number, cause: NodeJS.ErrnoException): WeftError {
  const hints: Readonly<Record<string, string>> = {
    EADDRINUSE: 'The port is taken; choose another with --port, or none for any.',
    EACCES: 'Ports below 1024 are for root; choose another with --port, or none for any.',
  };
  const hint = hints[cause.code ?? ''];
  return new WeftError('listen-failed', `cannot listen on 127.0.0.1 port ${port}: ${cause.message}`, {
    cause,
    fault: 'environment',
    ...(hint !== undefined && { hint }),
  });
}
