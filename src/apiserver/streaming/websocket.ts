import type { WebSocket } from 'ws';
import type { ApiRequest, RawUpgrade } from '../http/messages.ts';
import { badRequest } from '../status.ts';

/** A message is held in memory whole; clients send pieces of some tens of KiB. */
const longestMessage = 1 << 20;

/** The first of `known` that a client offers, where it asks for a WebSocket; undefined where it does not. */
export function webSocketProtocol({ headers }: ApiRequest, known: readonly string[]): string | undefined {
  if (!/^websocket$/i.test(headers['upgrade'] ?? '')) return undefined;
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
  const chosen = known.find((one) => offered.includes(one));
  if (chosen !== undefined) return chosen;
  throw badRequest(`a WebSocket of one of these protocols is needed: ${known.join(', ')}`);
}

/** Loads the library, which only those pay for who ask for a stream, and says how to accept one. */
export async function webSockets(): Promise<(raw: RawUpgrade, protocol: string) => Promise<WebSocket>> {
  const { WebSocketServer } = await import('ws');
  return ({ request, socket, head }, protocol) => {
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: longestMessage,
      handleProtocols: () => protocol,
    });
    return new Promise((resolve) => {
      server.handleUpgrade(request, socket, head, (accepted) => {
        accepted.on('error', () => accepted.terminate());
        resolve(accepted);
      });
    });
  };
}
