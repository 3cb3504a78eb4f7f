import type { ApiRequest, UpgradeResponse } from '../../http/messages.ts';
import { badRequest } from '../../status.ts';
import { serveSpdy, type SpdyStream } from './session.ts';

/** The protocol within SPDY that a client of the older kind asks for; undefined where it does not ask for SPDY. */
export function spdyProtocol({ headers }: ApiRequest, known: readonly string[]): string | undefined {
  if (!/^spdy\/3\.1$/i.test(headers['upgrade'] ?? '')) return undefined;
  const offered = (headers['x-stream-protocol-version'] ?? '').split(',').map((one) => one.trim());
  const chosen = known.find((one) => offered.includes(one));
  if (chosen !== undefined) return chosen;
  throw badRequest(`SPDY with one of these protocols is needed: ${known.join(', ')}`);
}

/** Speaks SPDY on the connection itself, as clients did before WebSockets. */
export function spdyUpgrade(protocol: string, onStream: (stream: SpdyStream) => void): UpgradeResponse {
  return {
    status: 101,
    headers: {},
    upgrade({ socket, head }) {
      const fields = `connection: Upgrade\r\nupgrade: SPDY/3.1\r\nx-stream-protocol-version: ${protocol}`;
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n\r\n`);
      if (head.length > 0) socket.unshift(head);
      serveSpdy(socket, onStream);
    },
  };
}
