import type { NextTurn } from './fair-turns.ts';

/** Work that may wait: step by step, one in each turn of the event loop, so that what is urgent goes between. */
export interface Turns {
  /** Runs the step behind those added before. It must not throw. */
  add(step: () => void): void;
  /** Whether nothing waits or runs. */
  readonly isIdle: boolean;
  /** Forgets what waits. */
  clear(): void;
}

export interface TurnsOptions {
  /** Called when the last step has run. */
  readonly onIdle: () => void;
  /** Calls back in another turn; `setImmediate` when absent. */
  readonly nextTurn?: NextTurn;
}

export function createTurns({ onIdle, nextTurn = setImmediate }: TurnsOptions): Turns {
  const steps: (() => void)[] = [];
  let isIdle = true;

  const take = (): void => {
    steps.shift()?.();
    if (steps.length > 0) return nextTurn(take);
    isIdle = true;
    onIdle();
  };

  return {
    add(step) {
      steps.push(step);
      if (!isIdle) return;
      isIdle = false;
      nextTurn(take);
    },
    get isIdle() {
      return isIdle;
    },
    clear() {
      steps.length = 0;
    },
  };
}
