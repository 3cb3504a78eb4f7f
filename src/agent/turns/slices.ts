import type { Clock } from '../../lib/clock.ts';
import type { NextTurn } from './fair-turns.ts';

/** Work in many steps, of which as many are done in one turn of the event loop as a slice of time holds. */
export interface Slices {
  /**
   * Does steps until `step` says that none is left; the first slice before it returns. Undefined when that was enough,
   * otherwise a promise of the end. Work under way takes up what came since: there is one end of it for all.
   */
  run(): Promise<void> | undefined;
  readonly isIdle: boolean;
}

export interface SlicesOptions {
  readonly clock: Clock;
  /** Does one step; false when there was nothing to do. Must not throw. */
  readonly step: () => boolean;
  /** Called when nothing is left, each time that something was asked for: `isIdle` says so by then. */
  readonly onIdle: () => void;
  /** Calls back in another turn; `setImmediate` when absent. */
  readonly nextTurn?: NextTurn;
}

/** What else waits for this thread (packets' answers, requests) waits no longer than this and one step. */
const sliceMs = 8;

export function createSlices({ clock, step, onIdle, nextTurn = setImmediate }: SlicesOptions): Slices {
  let underWay: PromiseWithResolvers<void> | undefined;

  /** Whether nothing is left. */
  const slice = (): boolean => {
    const until = clock.monotonic() + sliceMs;
    while (step()) if (clock.monotonic() >= until) return false;
    return true;
  };
  const goOn = (): void => {
    if (!slice()) return nextTurn(goOn);
    const end = underWay;
    underWay = undefined;
    onIdle();
    end?.resolve();
  };

  return {
    run() {
      if (underWay !== undefined) return underWay.promise;
      if (slice()) {
        onIdle();
        return undefined;
      }
      underWay = Promise.withResolvers<void>();
      nextTurn(goOn);
      return underWay.promise;
    },
    get isIdle() {
      return underWay === undefined;
    },
  };
}
