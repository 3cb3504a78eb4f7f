import type { Clock } from '../../lib/clock.ts';

/** Time in which this process could have heard something. */
export interface ListeningClock {
  /** Milliseconds. */
  now(): number;
  tick(): void;
  /** Nobody listened until now. */
  resume(): void;
}

/**
 * Counts time from tick to tick, but no more than twice as much as there should be between them: while a process was kept
 * from its work, what others sent waited, and their silence says nothing about them.
 */
export function createListeningClock(clock: Pick<Clock, 'monotonic'>, tickMs: number): ListeningClock {
  let last = clock.monotonic();
  let sum = 0;
  const sinceLast = (): number => Math.min(clock.monotonic() - last, 2 * tickMs);
  return {
    now: () => sum + sinceLast(),
    tick() {
      sum += sinceLast();
      last = clock.monotonic();
    },
    resume() {
      last = clock.monotonic();
    },
  };
}
