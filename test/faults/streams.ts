import type { Sockets } from '../../src/kernel/sockets/port.ts';
import { pause } from './weft.ts';

/** A conversation that goes on for as long as a test runs: a question every few milliseconds, each with an answer. */
export interface Stream {
  readonly sent: number;
  readonly answered: number;
  /** Why the connection ended, if it did. */
  readonly failure: string | undefined;
  /** Resolves when every question so far is answered, or does not come to be within a second. */
  quiet(): Promise<{ readonly lost: number; readonly failure: string | undefined }>;
  close(): void;
}

export interface StreamOptions {
  readonly sockets: Sockets;
  readonly netns: string;
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

const everyMs = 10;
const line = Buffer.from('are you there?\n');

/** Opens a stream to a stand-in, which answers every line (TCP) and every datagram (UDP) with one line. */
export function openStream({ sockets, netns, ...target }: StreamOptions): Stream {
  const fd = sockets.connect(netns, target);
  let [sent, answered, isPaused] = [0, 0, false];
  let failure: string | undefined;

  const receive = (): void => {
    for (;;) {
      const received = sockets.receive(fd);
      if (received.kind === 'nothing') return;
      if (received.kind !== 'data') {
        failure ??= received.kind === 'failed' ? received.errno : 'end';
        return;
      }
      for (const byte of received.data) if (byte === 0x0a) answered += 1;
    }
  };
  const step = (): void => {
    if (failure !== undefined) return;
    receive();
    if (isPaused) return;
    const result = sockets.send(fd, line);
    if (result.kind === 'sent') sent += 1;
    else if (result.kind === 'failed') failure ??= result.errno;
  };
  const timer = setInterval(step, everyMs);

  return {
    get sent() {
      return sent;
    },
    get answered() {
      return answered;
    },
    get failure() {
      return failure;
    },
    async quiet() {
      isPaused = true;
      const isQuiet = (): boolean => answered >= sent || failure !== undefined;
      for (let waited = 0; waited < 1000 && !isQuiet(); waited += everyMs) await pause(everyMs);
      const lost = sent - answered;
      answered = sent;
      isPaused = false;
      return { lost, failure };
    },
    close() {
      clearInterval(timer);
      sockets.close(fd, { reset: true });
    },
  };
}
