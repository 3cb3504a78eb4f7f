import type { Server } from 'node:http';
import { createServer } from '../../lib/http.ts';
import type { Socket } from 'node:net';
import type { StandInAnswer } from '../port.ts';

const idleMs = 5 * 60_000;

/**
 * Answers every request with 200 and who the stand-in is. It never listens itself: connections that speak HTTP are
 * handed to it. `answerFor` tells who the socket belongs to.
 */
export function createHttpAnswers(
  answerFor: (socket: Socket, words: string) => StandInAnswer | undefined,
): Server {
  const server = createServer({ keepAliveTimeout: idleMs, maxHeaderSize: 16_384 }, (request, response) => {
    const answer = answerFor(request.socket, `${request.method} ${request.url}`);
    if (answer === undefined) {
      response.destroy();
      return;
    }
    // A body is of no interest, but has to be read before the next request of the connection.
    request.resume();
    const text = `${JSON.stringify(answer)}\n`;
    response
      .writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
        'x-weft-pod': answer.pod,
      })
      .end(text);
  });
  // Also for those who never finish their request: a server that does not listen has no other watch on them.
  server.timeout = idleMs;
  return server;
}
