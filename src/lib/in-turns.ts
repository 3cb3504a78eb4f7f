import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from './clock.ts';

/** Work of one turn of the event loop, before others have theirs. */
const shareMs = 10;

/** Does all steps, in each turn of the event loop as many as a share of it holds; rejects with what a step throws. */
export async function inTurns(steps: Iterable<unknown>, clock: Pick<Clock, 'monotonic'>): Promise<void> {
  let until = clock.monotonic() + shareMs;
  for (const _ of steps) {
    if (clock.monotonic() < until) continue;
    await nextTurn();
    until = clock.monotonic() + shareMs;
  }
}
