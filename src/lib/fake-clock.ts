import type { Clock } from './clock.ts';

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /** Moves time on and runs, in order, what is due until then; lets promises settle after each. */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock on or back, as an operator or NTP does: nothing becomes due by it. */
  jump(ms: number): void;
  /** Timers that wait. */
  readonly pending: number;
}

export function createFakeClock(startMs = 0): FakeClock {
  let now = startMs;
  let made = 0;
  let jumped = 0;
  const timers = new Map<number, { readonly at: number; readonly fn: () => void }>();

  function nextDue(until: number): number | undefined {
    let next: number | undefined;
    for (const [id, { at }] of timers) {
      if (at <= until && (next === undefined || at < (timers.get(next)?.at ?? Infinity))) next = id;
    }
    return next;
  }

  return {
    now: () => now + jumped,
    monotonic: () => now,
    after(delayMs, fn) {
      made += 1;
      const id = made;
      timers.set(id, { at: now + Math.max(0, delayMs), fn });
      return () => timers.delete(id);
    },
    jump(ms) {
      jumped += ms;
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (let id = nextDue(until); id !== undefined; id = nextDue(until)) {
        const timer = timers.get(id);
        timers.delete(id);
        now = timer?.at ?? now;
        timer?.fn();
        await settle();
      }
      now = until;
    },
    get pending() {
      return timers.size;
    },
  };
}

/** Everything that follows from what has happened, however many promises long. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
