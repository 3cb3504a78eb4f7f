import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { messageOf } from '../../lib/errors.ts';
import { STATUS_CODES } from '../../lib/http.ts';
import { badRequest, statusOf } from '../status.ts';
import { jsonResponse, type BodyResponse } from './messages.ts';
import { answerTo, type TransportOptions } from './transport.ts';

/** A listener for `upgrade` of an HTTP/1.1 server: the request is asked like any other, its answer may take over. */
export function createUpgradeListener(
  options: TransportOptions,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  return (request, socket, head) => {
    const ignore = (error: unknown): void => {
      options.log.debug({ error: messageOf(error) }, 'client went away');
      socket.destroy();
    };
    socket.on('error', ignore);
    const noBody = (): Promise<Uint8Array> => Promise.resolve(new Uint8Array());
    const serve = async (): Promise<void> => {
      const answer = await answerTo(options, request, noBody);
      if ('upgrade' in answer) answer.upgrade({ request, socket, head });
      else refuse(socket, 'body' in answer ? answer : cannotUpgrade);
    };
    void serve().catch(ignore);
  };
}

const cannotUpgrade = jsonResponse(400, statusOf(badRequest('this path cannot be asked with an upgrade')));

function refuse(socket: Duplex, { status, headers, body }: BodyResponse): void {
  const fields = { ...headers, connection: 'close', 'content-length': String(Buffer.byteLength(body)) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\n${lines.join('')}\r\n${body}`);
}
