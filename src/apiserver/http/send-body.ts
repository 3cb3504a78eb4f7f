import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { Backlog } from './backlog.ts';
import { cutOff, pieceBytes } from './sink.ts';

/**
 * Sends a whole body behind its head. A large one goes piece by piece, as the client takes it: what is handed over at
 * once stays in the connection's memory, of which node:http2 allows so much and then refuses whatever else its client
 * asks. What waits counts in the backlog: whoever asks for much and reads nothing is cut off like a slow watcher.
 */
export function sendBody(
  response: ServerResponse | Http2ServerResponse,
  body: Buffer,
  backlog: Backlog,
): void {
  let over = false;
  const member = {
    cut: () => {
      over = true;
      cutOff(response);
    },
  };
  const leave = (): void => {
    over = true;
    backlog.left(member);
  };
  if ('stream' in response) response.once('close', leave);
  else response.once('close', leave);
  backlog.changed(member, body.length);
  let sent = 0;
  const sendPiece = (): void => {
    const piece = body.subarray(sent, sent + pieceBytes);
    sent += piece.length;
    if (sent === body.length) {
      response.end(piece);
      return;
    }
    const taken = (): void => {
      if (over) return;
      backlog.changed(member, -piece.length);
      sendPiece();
    };
    if ('stream' in response) response.write(piece, taken);
    else response.write(piece, taken);
  };
  sendPiece();
}
