import { connect, type Socket } from 'node:net';
import { messageOf, WeftError } from '../../lib/errors.ts';

/** Questions and answers on a daemon's control socket, one after the other. */
export interface Conversation {
  /**
   * Sends `request`, and resolves with what was heard since the last answer as soon as `isWhole` says that this is one.
   * Rejects with `bgp-silent` when the daemon hangs up or takes too long.
   */
  ask(request: string, isWhole: (heard: string) => boolean): Promise<string>;
  close(): void;
}

const answerMs = 5000;
/** Of the table of a router with very many routes. */
const longestAnswer = 64 * 1024 * 1024;

/** Opens the Unix socket at `path`. Rejects with `bgp-silent` when nobody listens there. */
export async function openConversation(path: string): Promise<Conversation> {
  const socket = connect(path);
  socket.setEncoding('utf8');
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', (error) => reject(silent(path, messageOf(error))));
  });
  return {
    ask: (request, isWhole) => exchange({ socket, path }, request, isWhole),
    close: () => socket.destroy(),
  };
}

interface Line {
  readonly socket: Socket;
  readonly path: string;
}

function exchange(
  { socket, path }: Line,
  request: string,
  isWhole: (heard: string) => boolean,
): Promise<string> {
  const answer = Promise.withResolvers<string>();
  let heard = '';
  const fail = (why: string): void => answer.reject(silent(path, why));
  const onData = (chunk: string): void => {
    heard += chunk;
    if (isWhole(heard)) answer.resolve(heard);
    else if (heard.length > longestAnswer) fail('its answer is too long');
  };
  const onError = (error: Error): void => fail(messageOf(error));
  const onClose = (): void => fail('it hung up');
  const timer = setTimeout(() => fail(`no answer in ${answerMs / 1000} s`), answerMs);
  socket.on('data', onData).on('error', onError).on('close', onClose);
  if (socket.destroyed) fail('it hung up');
  else socket.write(request);
  return answer.promise.finally(() => {
    clearTimeout(timer);
    socket.off('data', onData).off('close', onClose).off('error', onError);
  });
}

function silent(path: string, why: string): WeftError {
  return new WeftError('bgp-silent', `the routing daemon at ${path} does not answer: ${why}`, {
    fault: 'environment',
  });
}
