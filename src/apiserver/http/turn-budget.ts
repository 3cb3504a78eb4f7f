import type { Clock } from '../../lib/clock.ts';

/**
 * Undefined where the caller may work at once; otherwise a promise of a later turn of the event loop, in the order of the
 * calls. A request that comes alone never waits; of hundreds that come in one piece of a connection each turn takes some.
 */
export type TurnBudget = () => Promise<void> | undefined;

export interface TurnBudgetOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Calls back at the end of this turn; `setImmediate` when absent. */
  readonly nextTurn?: (callback: () => void) => void;
}

/** Work of one turn. What it writes is committed and told in the next, which takes about as long again. */
const budgetMs = 10;

export function createTurnBudget({ clock, nextTurn = setImmediate }: TurnBudgetOptions): TurnBudget {
  const waiting: (() => void)[] = [];
  /** When this turn has had its share; undefined before anybody worked in it. */
  let until: number | undefined;

  const begin = (): void => {
    until = clock.monotonic() + budgetMs;
    nextTurn(end);
  };
  const end = (): void => {
    until = undefined;
    if (waiting.length === 0) return;
    begin();
    admit();
  };
  /** One, and the next when the promises that this one led to are done: ticks come when there is no microtask left. */
  const admit = (): void => {
    waiting.shift()?.();
    queueMicrotask(() => process.nextTick(admitNext));
  };
  const admitNext = (): void => {
    if (waiting.length > 0 && until !== undefined && clock.monotonic() < until) admit();
  };

  return () => {
    if (until === undefined) begin();
    else if (waiting.length > 0 || clock.monotonic() >= until) {
      return new Promise((resolve) => waiting.push(resolve));
    }
    return undefined;
  };
}
