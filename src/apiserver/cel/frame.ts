import { CostError } from './error.ts';
import type { Value } from './values/value.ts';

/** What one evaluation needs: its variables, and what it may still cost. */
export interface Frame {
  readonly slots: (Value | undefined)[];
  left: number;
}

/** A compiled expression. Throws CelError where it comes to no value, CostError where it costs too much. */
export type Evaluate = (frame: Frame) => Value;

export function spend(frame: Frame, cost: number): void {
  frame.left -= cost;
  if (frame.left < 0) throw new CostError();
}
