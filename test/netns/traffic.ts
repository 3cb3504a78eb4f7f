import { setTimeout as sleep } from 'node:timers/promises';
import type { TestLab } from '../support/lab.ts';
import { openFlow } from './flow.ts';

/** What became of connections made one after the other. */
export interface Traffic {
  /** Answers by the pod that gave them. */
  readonly answers: ReadonlyMap<string, number>;
  /** One line for every connection that failed. */
  readonly failures: readonly string[];
  /** Ends it; resolves when the connections under way are decided. */
  stop(): Promise<void>;
}

/** Several clients, each of which connects, asks, is answered and connects again. A lost packet is a failure. */
export function startTraffic(
  lab: TestLab,
  netns: string,
  { address, port, clients = 6 }: { address: string; port: number; clients?: number },
): Traffic {
  const answers = new Map<string, number>();
  const failures: string[] = [];
  const ended = new AbortController();
  const client = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      const flow = openFlow(lab.sockets, netns, { protocol: 'tcp', address, port });
      flow.ask();
      // A lost SYN is repeated after a second: that is a failure here.
      const answer = await flow.answer(900);
      if (answer === undefined)
        failures.push(`no answer at ${performance.now().toFixed(0)}: ${flow.error ?? 'silence'}`);
      else answers.set(answer.pod, (answers.get(answer.pod) ?? 0) + 1);
      flow.close();
      await sleep(1);
    }
  };
  const done = Promise.all(Array.from({ length: clients }, client));
  return {
    answers,
    failures,
    async stop() {
      ended.abort();
      await done;
    },
  };
}
