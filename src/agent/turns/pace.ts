import type { Clock } from '../../lib/clock.ts';

/** Runs the same work again and again, as often as asked and as is good for everything else. */
export interface Pace {
  /** There is something to do: in this turn of the event loop when at rest, otherwise together with what comes until then. */
  ask(): void;
  /** Whether nothing was asked for that is not done. */
  readonly isIdle: boolean;
  stop(): void;
}

export interface PaceOptions {
  readonly clock: Clock;
  /** Must not throw; a promise for work that goes on in later turns. */
  readonly work: () => void | Promise<void>;
}

/**
 * Rest after work, in milliseconds, by what the work took. Short work hardly rests, for there is little to be saved.
 * Long work is mostly the price of each time (a transaction per node, say), and rests many times its length.
 */
function restAfter(tookMs: number): number {
  const restMs = Math.min(longestRestMs, (tookMs * tookMs) / 2);
  return restMs < shortestRestMs ? 0 : restMs;
}

/** No change waits longer than this for others to join it. */
const longestRestMs = 250;
/** What is asked for so long after work is no part of what came before: it is worked on at once, however long that took. */
const pauseMs = 50;
/** Of so many works, the one in the middle says how long they take now. */
const remembered = 3;
/** Timers are no finer. */
const shortestRestMs = 1;

/**
 * A change at rest is worked on at once. Where changes come faster than they can be worked on one by one, those that
 * come while the work rests are worked on together, which costs less than one after the other. One work that took longer
 * than those around it (garbage was collected, somebody else had the processor) says nothing about the next.
 */
export function createPace({ clock, work }: PaceOptions): Pace {
  let state: 'idle' | 'asked' | 'working' = 'idle';
  let isAskedAgain = false;
  let finishedAt = -Infinity;
  let restedAt = -Infinity;
  const lately = Array<number>(remembered).fill(0);
  let cancel = (): void => {};

  const ask = (): void => {
    if (state !== 'idle') {
      isAskedAgain ||= state === 'working';
      return;
    }
    state = 'asked';
    const now = clock.monotonic();
    if (now - finishedAt >= pauseMs) {
      lately.fill(0);
      restedAt = now;
    }
    const restMs = restedAt - now;
    if (restMs <= 0) queueMicrotask(run);
    else cancel = clock.after(restMs, run);
  };

  const run = (): void => {
    if (state !== 'asked') return;
    state = 'working';
    const began = clock.monotonic();
    const done = work();
    if (done === undefined) finished(began);
    else void done.then(() => finished(began));
  };

  const finished = (began: number): void => {
    const now = clock.monotonic();
    lately.shift();
    lately.push(now - began);
    finishedAt = now;
    restedAt = now + restAfter(middleOf(lately));
    state = 'idle';
    if (!isAskedAgain) return;
    isAskedAgain = false;
    ask();
  };

  return {
    ask,
    get isIdle() {
      return state === 'idle';
    },
    stop() {
      cancel();
      if (state === 'asked') state = 'idle';
    },
  };
}

function middleOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
