import { joinDirty, type Dirty } from '../cluster-view.ts';
import type { NextTurn } from './fair-turns.ts';
import { createTurns } from './turns.ts';

/** What is done behind programming, by node: one step of one node in each turn of the event loop. */
export interface Settling {
  /** What comes while a node waits for its turn, or is at work, is done together, behind that. */
  add(node: string, dirty: Dirty): void;
  /** Whether nothing waits or is at work. */
  readonly isIdle: boolean;
  /** Breaks off, and forgets what waits: of one node, or of all. */
  forget(node: string): void;
  clear(): void;
}

export interface SettlingOptions {
  /** Begins the work of a node. Nothing of it may throw. */
  readonly begin: (node: string, dirty: Dirty) => Iterator<unknown>;
  /** Called when the last step has run. */
  readonly onIdle: () => void;
  /** Calls back in another turn; `setImmediate` when absent. */
  readonly nextTurn?: NextTurn;
}

/** A node that is known and has neither waits for its turn only. */
interface Work {
  underWay: Iterator<unknown> | undefined;
  waiting: Dirty | undefined;
}

export function createSettling({ begin, ...turnOptions }: SettlingOptions): Settling {
  const turns = createTurns(turnOptions);
  const works = new Map<string, Work>();

  const step = (node: string, work: Work): void => {
    if (works.get(node) !== work) return;
    if (work.underWay === undefined && work.waiting !== undefined) {
      work.underWay = begin(node, work.waiting);
      work.waiting = undefined;
    }
    if (work.underWay?.next().done !== false) work.underWay = undefined;
    if (work.underWay === undefined && work.waiting === undefined) works.delete(node);
    else turns.add(() => step(node, work));
  };

  return {
    add(node, dirty) {
      const known = works.get(node);
      if (known !== undefined) {
        known.waiting = known.waiting === undefined ? dirty : joinDirty(known.waiting, dirty);
        return;
      }
      const work = { underWay: undefined, waiting: dirty };
      works.set(node, work);
      turns.add(() => step(node, work));
    },
    get isIdle() {
      return turns.isIdle;
    },
    forget: (node) => void works.delete(node),
    clear() {
      works.clear();
      turns.clear();
    },
  };
}
