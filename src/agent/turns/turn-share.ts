import type { Clock } from '../../lib/clock.ts';
import type { NextTurn } from './fair-turns.ts';

/**
 * Resolves when the caller may work: what it does synchronously from then on counts against the share. It comes one
 * after the other, in the order of the calls.
 */
export type TurnShare = () => Promise<void>;

export interface TurnShareOptions {
  readonly clock: Clock;
  /** Calls back in another turn; `setImmediate` when absent. */
  readonly nextTurn?: NextTurn;
}

/** Work of one turn of the event loop, before others have theirs. */
const shareMs = 8;

/** A share of each turn of the event loop, for work in many small pieces that promises lead to. */
export function createTurnShare({ clock, nextTurn = setImmediate }: TurnShareOptions): TurnShare {
  const waiting: (() => void)[] = [];
  let isTurnPlanned = false;

  const turn = async (): Promise<void> => {
    const until = clock.monotonic() + shareMs;
    while (clock.monotonic() < until) {
      const next = waiting.shift();
      if (next === undefined) break;
      next();
      // The caller goes on in a microtask, which comes before this.
      await Promise.resolve();
    }
    if (waiting.length > 0) nextTurn(() => void turn());
    else isTurnPlanned = false;
  };

  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (isTurnPlanned) return;
      isTurnPlanned = true;
      nextTurn(() => void turn());
    });
}
