import type { Server as HttpServer } from 'node:http';
import { createServer } from 'node:net';
import { acceptBy, type AcceptContext } from './accept.ts';
import { answerOf } from './answer.ts';
import { converse } from './connection.ts';
import type { OpenListener } from '../pod-listeners.ts';
import type { AnswerBook } from './pod-connections.ts';

export interface TcpContext extends AcceptContext {
  readonly answers: AnswerBook;
  readonly http: HttpServer;
}

/** Listens on a TCP port inside the pod's namespace. Throws like `Sockets.listen`. */
export function openTcp(context: TcpContext): OpenListener {
  const { listener, serving, note, connections, answers, http } = context;
  const server = createServer({ noDelay: true }, (socket) => {
    const { remoteAddress, remotePort } = socket;
    if (!connections.add(socket, listener.port)) return;
    if (remoteAddress === undefined || remotePort === undefined) {
      // Reset before it was accepted.
      socket.destroy();
      return;
    }
    const remote = { address: remoteAddress, port: remotePort };
    const answer = (words: string) => {
      note({ remote, words });
      return answerOf(serving(), listener, remote);
    };
    answers.set(socket, answer);
    converse(socket, answer, http);
  });
  return acceptBy(server, context);
}
