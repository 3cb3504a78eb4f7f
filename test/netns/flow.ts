import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectOptions, Sockets } from '../../src/kernel/sockets/port.ts';
import type { StandInAnswer } from '../../src/workload/port.ts';

/** A socket that stays open and asks again and again: what a policy does to flows that are under way. */
export interface Flow {
  /** Sends one line. */
  ask(): void;
  /** The next answer that was not taken yet; undefined when none comes in time. */
  answer(timeoutMs?: number): Promise<StandInAnswer | undefined>;
  /** Answers that came and were not taken, read now. */
  pending(): readonly StandInAnswer[];
  /** The error that ended the flow, such as ECONNRESET. */
  readonly error: string | undefined;
  close(): void;
}

/** How long a flow that should be cut is listened to; an answer takes less than a millisecond. */
export const silenceMs = 250;

/** Opens a flow from a namespace. TCP is under way when this returns; the first line waits for it. */
export function openFlow(sockets: Sockets, netns: string, target: ConnectOptions): Flow {
  const fd = sockets.connect(netns, target);
  const answers: StandInAnswer[] = [];
  let heard = '';
  let unsent = 0;
  let error: string | undefined;

  const flush = (): void => {
    while (unsent > 0) {
      const sent = sockets.send(fd, Buffer.from('hello\n'));
      if (sent.kind === 'failed') error ??= sent.errno;
      if (sent.kind !== 'sent') return;
      unsent -= 1;
    }
  };
  const read = (): void => {
    flush();
    for (;;) {
      const received = sockets.receive(fd);
      if (received.kind === 'failed') error ??= received.errno;
      if (received.kind === 'end') error ??= 'END';
      if (received.kind !== 'data') return;
      const lines = (heard + Buffer.from(received.data).toString()).split('\n');
      heard = lines.pop() ?? '';
      for (const line of lines) answers.push(JSON.parse(line) as StandInAnswer);
    }
  };

  return {
    ask() {
      unsent += 1;
      flush();
    },
    async answer(timeoutMs = 3000) {
      for (let waited = 0; ; waited += 2) {
        read();
        const next = answers.shift();
        if (next !== undefined || waited >= timeoutMs || (error !== undefined && unsent === 0)) return next;
        await sleep(2);
      }
    },
    pending() {
      read();
      return answers.splice(0);
    },
    get error() {
      read();
      return error;
    },
    close: () => sockets.close(fd, { reset: target.protocol === 'tcp' }),
  };
}

/** Waits until `condition` holds; throws with what it was about when it does not in time. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 5000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await sleep(5);
  }
}
