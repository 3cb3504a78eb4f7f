import type { Clock } from '../../lib/clock.ts';
import { keepAlive } from '../../lib/keep-alive.ts';

/** Moves things on again and again: often while they are young, seldom when they turn out to take long. */
export interface Stepper {
  /** Calls `step` with the monotonic time until the returned function is called. */
  add(step: (now: number) => void): () => void;
}

interface Entry {
  readonly step: (now: number) => void;
  readonly addedAt: number;
  steps: number;
  dueAt: number;
}

/** An answer from the same machine takes less than a timer's millisecond: alone, the first steps follow at once. */
const eagerSteps = 30;
const mostEagerEntries = 4;
const leastWaitMs = 1;
const longestWaitMs = 16;

export function createStepper(clock: Clock): Stepper {
  const entries = new Set<Entry>();
  let isScheduled = false;
  let release: (() => void) | undefined;

  function tick(): void {
    isScheduled = false;
    const now = clock.monotonic();
    for (const entry of entries) {
      if (entry.dueAt > now) continue;
      entry.steps++;
      entry.dueAt = now + waitMs(entry, now);
      entry.step(now);
    }
    schedule();
  }

  // The wait is a fraction of the age, so that a result's time is never off by more than that.
  function waitMs(entry: Entry, now: number): number {
    if (entry.steps < eagerSteps && entries.size <= mostEagerEntries) return 0;
    return Math.min(longestWaitMs, Math.max(leastWaitMs, (now - entry.addedAt) / 8));
  }

  function schedule(): void {
    if (entries.size === 0) {
      release?.();
      release = undefined;
      return;
    }
    // A clock's timers do not keep the process alive, and sockets that Node does not know do not either.
    release ??= keepAlive();
    if (isScheduled) return;
    isScheduled = true;
    const delayMs = Math.min(...[...entries].map(({ dueAt }) => dueAt)) - clock.monotonic();
    if (delayMs <= 0) setImmediate(tick);
    else clock.after(delayMs, tick);
  }

  return {
    add(step) {
      const now = clock.monotonic();
      const entry = { step, addedAt: now, steps: 0, dueAt: now };
      entries.add(entry);
      schedule();
      return () => {
        entries.delete(entry);
        schedule();
      };
    },
  };
}
