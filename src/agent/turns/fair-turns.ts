/** Calls back in a turn of the event loop of its own, in the order of the calls. */
export type NextTurn = (callback: () => void) => void;

/**
 * Turns for several kinds of work of one process. With `setImmediate` alone, what each of them has due would run in the
 * same turn of the event loop, one after the other, and whatever else waits would wait for the sum.
 */
export function createFairTurns(nextTurn: NextTurn = setImmediate): NextTurn {
  const waiting: (() => void)[] = [];
  const take = (): void => {
    const next = waiting.shift();
    if (waiting.length > 0) nextTurn(take);
    next?.();
  };
  return (callback) => {
    waiting.push(callback);
    if (waiting.length === 1) nextTurn(take);
  };
}
