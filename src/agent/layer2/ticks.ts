import type { Frames } from '../../kernel/frames/port.ts';
import type { Clock } from '../../lib/clock.ts';
import { createListeningClock } from './listening-clock.ts';

export interface TicksOptions {
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly frames: Pick<Frames, 'caughtUp'>;
  readonly onTick: () => void;
}

/** The turns of the speakers of one process. */
export interface Ticks {
  /** Milliseconds in which this process could have heard something. */
  now(): number;
  /** Goes on, or rests. */
  set(isNeeded: boolean): void;
}

const tickMs = 50;

/**
 * Ticks when time has passed and all frames that came in meanwhile have been read: whoever spoke in time was heard, however
 * late this process or the thread that reads was.
 */
export function createTicks({ clock, frames, onTick }: TicksOptions): Ticks {
  const listening = createListeningClock(clock, tickMs);
  let cancel: (() => void) | undefined;

  const next = (): void => {
    cancel = clock.after(tickMs, () => {
      let isWanted = true;
      cancel = () => {
        isWanted = false;
      };
      frames.caughtUp(() => {
        if (!isWanted) return;
        listening.tick();
        next();
        onTick();
      });
    });
  };

  return {
    now: () => listening.now(),
    set(isNeeded) {
      if (isNeeded && cancel === undefined) {
        listening.resume();
        next();
      } else if (!isNeeded) {
        cancel?.();
        cancel = undefined;
      }
    },
  };
}
