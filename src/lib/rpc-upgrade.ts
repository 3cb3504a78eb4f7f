import type { IncomingMessage, Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { request } from './http.ts';
import type { Log } from './log.ts';
import { messageOf } from './errors.ts';
import { classifyTransport, readReply } from './rpc-client.ts';
import type { RpcUpgrade } from './rpc-port.ts';
import { classify, isUnexpected } from './rpc-reply.ts';
import { compileRoutes, type RouteMatcher } from './rpc-routes.ts';

/** What a connection becomes: bytes both ways, whose meaning the route defines. */
const protocol = 'weft-stream';

interface UpgradeOptions {
  readonly upgrades?: Readonly<Record<string, RpcUpgrade>>;
  readonly log: Log;
}

/** Serves the routes that take a connection over. The returned function ends the connections that were. */
export function serveUpgrades(server: Server, { upgrades = {}, log }: UpgradeOptions): () => void {
  const match = compileRoutes(upgrades);
  const open = new Set<Duplex>();
  server.on('upgrade', (incoming: IncomingMessage, connection: Duplex, head: Buffer) => {
    open.add(connection);
    connection.once('close', () => open.delete(connection));
    connection.on('error', () => connection.destroy());
    if (head.length > 0) connection.unshift(head);
    void upgrade(match, incoming, connection).catch((thrown: unknown) => {
      if (isUnexpected(thrown)) log.error({ url: incoming.url, error: messageOf(thrown) }, 'a stream failed');
      refuse(connection, thrown);
    });
  });
  return () => {
    for (const connection of open) connection.destroy();
  };
}

async function upgrade(
  match: RouteMatcher<RpcUpgrade>,
  { method = '', url = '' }: IncomingMessage,
  connection: Duplex,
): Promise<void> {
  const { handler, parameters, query } = match(method, url);
  const take = await handler({ parameters, query, body: undefined });
  connection.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${protocol}\r\n\r\n`);
  take(connection);
}

function refuse(connection: Duplex, thrown: unknown): void {
  const { status, error } = classify(thrown);
  const { code, message, hint } = error;
  const body = JSON.stringify({ code, message, hint });
  const head = `HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-type: application/json`;
  connection.end(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

/**
 * Asks a `createRpcServer` on the unix socket `path` for a connection of the route `url` (GET). Either side may end
 * its direction alone. Throws the server's own error, or `rpc-unreachable` when nobody answers on the socket.
 */
export function rpcUpgrade(path: string, url: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      path: url,
      headers: { connection: 'Upgrade', upgrade: protocol },
      createConnection: () => connect({ path, allowHalfOpen: true }),
    });
    outgoing.once('error', (error) => reject(classifyTransport(path, error)));
    outgoing.once('response', (response) => {
      readReply(response).then(() => reject(classifyTransport(path, new Error('no upgrade'))), reject);
    });
    outgoing.once('upgrade', (_, socket: Socket, head: Buffer) => {
      if (head.length > 0) socket.unshift(head);
      socket.on('error', () => socket.destroy());
      resolve(socket);
    });
    outgoing.end();
  });
}

/** The path with its query: values are data, lists become repeated parameters, what is undefined is left out. */
export function streamUrl(
  path: string,
  query: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>,
): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const one of value as string[]) parameters.append(name, one);
    else if (value !== undefined) parameters.append(name, String(value));
  }
  return `${path}?${parameters.toString()}`;
}
