import type { Clock } from './clock.ts';
import type { Histogram } from './metrics.ts';

/**
 * How long the event loop lets wait what is due. Every 20 ms of time counts once, whether the loop was free or blocked
 * then: a block of a second is fifty moments at which something would have waited, not one.
 */
export interface LoopDelay {
  /** In seconds. */
  histogram(): Histogram;
  stop(): void;
}

const intervalMs = 20;
/** Upper bounds in milliseconds; 50 is the promise. */
const boundsMs = [1, 2, 5, 10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 250, 500, 1000, 2500];

export function watchLoopDelay(clock: Clock): LoopDelay {
  const counts = boundsMs.map(() => 0);
  let [count, sumMs] = [0, 0];
  let cancel = (): void => {};

  const record = (delayMs: number): void => {
    count += 1;
    sumMs += delayMs;
    const bucket = boundsMs.findIndex((bound) => delayMs <= bound);
    if (bucket >= 0) counts[bucket] = (counts[bucket] ?? 0) + 1;
  };
  const wait = (): void => {
    const due = clock.monotonic() + intervalMs;
    cancel = clock.after(intervalMs, () => {
      const lateMs = Math.max(0, clock.monotonic() - due);
      for (let delayMs = lateMs; delayMs >= 0; delayMs -= intervalMs) record(delayMs);
      wait();
    });
  };
  wait();

  return {
    histogram() {
      let below = 0;
      const buckets = boundsMs.map((bound, index) => {
        below += counts[index] ?? 0;
        return { le: bound / 1000, count: below };
      });
      return { buckets, count, sum: sumMs / 1000 };
    },
    stop: () => cancel(),
  };
}
