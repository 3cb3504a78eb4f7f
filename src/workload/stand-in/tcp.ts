import type { Server as HttpServer } from 'node:http';
import { createServer } from 'node:net';
import { answerOf } from './answer.ts';
import { converse } from './connection.ts';
import type { OpenListener } from '../pod-listeners.ts';
import type { ListenerContext } from './listener.ts';
import type { AnswerBook, PodConnections } from './pod-connections.ts';

export interface TcpContext extends ListenerContext {
  readonly connections: PodConnections;
  readonly answers: AnswerBook;
  readonly http: HttpServer;
}

/** Listens on a TCP port inside the pod's namespace. Throws like `Sockets.listen`. */
export function openTcp(context: TcpContext): OpenListener {
  const { sockets, listener, family, serving, note, connections, answers, http } = context;
  const fd = sockets.listen(serving().netns, { protocol: 'tcp', port: listener.port, family });
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
  // Accepting fails for a moment when descriptors run out; the listener stays.
  server.on('error', () => {});
  server.listen({ fd, backlog: 511 });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        connections.destroy(listener.port);
      }),
  };
}
