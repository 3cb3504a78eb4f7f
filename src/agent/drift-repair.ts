import type { Clock } from '../lib/clock.ts';

/** Repairs what drifted, soon, but not for every single change. */
export interface DriftRepair {
  /** Something of it may have drifted. */
  drifted(name: string): void;
  stop(): void;
}

export interface DriftRepairOptions {
  readonly clock: Clock;
  /** Throws where it cannot be mended now: it is tried again. */
  readonly repair: (name: string) => void;
}

/** What is taken apart goes in several steps: waiting for the next one costs less than mending twice. */
const settleMs = 20;
/** Comparing costs in proportion to what is there, so under a storm of changes it happens this rarely. */
const restMs = 300;
const retryMs = 500;
/** What still cannot be mended then waits for the regular comparison. */
const mostTries = 20;

export function createDriftRepair({ clock, repair }: DriftRepairOptions): DriftRepair {
  const scheduled = new Map<string, () => void>();
  const lastRuns = new Map<string, number>();

  const schedule = (name: string, delayMs: number, tries: number): void => {
    scheduled.set(
      name,
      clock.after(delayMs, () => {
        scheduled.delete(name);
        lastRuns.set(name, clock.monotonic());
        try {
          repair(name);
        } catch {
          if (tries < mostTries && !scheduled.has(name)) schedule(name, retryMs, tries + 1);
        }
      }),
    );
  };

  return {
    drifted(name) {
      if (scheduled.has(name)) return;
      const restedAt = (lastRuns.get(name) ?? -restMs) + restMs;
      schedule(name, Math.max(settleMs, restedAt - clock.monotonic()), 1);
    },
    stop() {
      for (const cancel of scheduled.values()) cancel();
      scheduled.clear();
    },
  };
}
