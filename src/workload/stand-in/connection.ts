import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import type { StandInAnswer } from '../port.ts';
import { lineOf } from './answer.ts';
import { countLines, recognise } from './speech.ts';

/** Whoever says nothing for so long is cut off. */
const idleMs = 5 * 60_000;

/** Lets a stand-in talk on a new connection; the client speaks first, and what it says decides the protocol. */
export function converse(socket: Socket, answer: (words: string) => StandInAnswer, http: HttpServer): void {
  let heard: Buffer = Buffer.alloc(0);
  socket.setTimeout(idleMs, () => socket.destroy());
  // Clients of a test cut connections as they like: an error ends this one, and nothing else.
  socket.on('error', () => socket.destroy());
  const listen = (chunk: Buffer): void => {
    heard = heard.length === 0 ? chunk : Buffer.concat([heard, chunk]);
    const speech = recognise(heard);
    if (speech === 'undecided') return;
    socket.off('data', listen);
    if (speech === 'http') becomeHttp(socket, heard, http);
    else answerLines(socket, heard, (lines) => lineOf(answer(`${lines} lines`)));
    heard = Buffer.alloc(0);
  };
  socket.on('data', listen);
}

function becomeHttp(socket: Socket, heard: Buffer, http: HttpServer): void {
  socket.pause();
  socket.unshift(heard);
  http.emit('connection', socket);
  socket.resume();
}

function answerLines(socket: Socket, first: Buffer, line: (lines: number) => string): void {
  const reply = (chunk: Buffer): void => {
    // A client that does not read its answers is not read either.
    const lines = countLines(chunk);
    if (!socket.write(line(lines).repeat(lines))) {
      socket.pause();
      socket.once('drain', () => socket.resume());
    }
  };
  socket.on('data', reply);
  reply(first);
}
