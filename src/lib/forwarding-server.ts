import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { splice } from './splice.ts';

export interface ForwardingOptions {
  /** Where each connection leads. */
  readonly connect: () => Promise<Duplex>;
  /** Told why a connection leads nowhere; its client finds it closed. */
  readonly onRefused: (error: unknown) => void;
}

/** A server that is yet to listen, and whose connections lead somewhere else. */
export interface ForwardingServer {
  readonly server: Server;
  /** Ends its connections too. */
  close(): Promise<void>;
}

/** Many more than a browser opens to one place. */
const mostConnections = 512;

/** Hands every connection on, its ends apart. */
export function createForwardingServer(options: ForwardingOptions): ForwardingServer {
  const clients = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    clients.add(client);
    client.once('close', () => clients.delete(client));
    client.on('error', () => client.destroy());
    options.connect().then(
      (inside) => splice(client, inside),
      (error: unknown) => {
        client.resetAndDestroy();
        options.onRefused(error);
      },
    );
  });
  server.maxConnections = mostConnections;
  return {
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const client of clients) client.destroy();
      }),
  };
}
