import type { Clock } from '../lib/clock.ts';
import { joinDirty, type Dirty } from './cluster-view.ts';
import type { Failures } from './failures.ts';
import type { NextTurn } from './turns/fair-turns.ts';
import type { Freshness } from './freshness.ts';
import type { NodeAgent } from './node-agent.ts';
import type { NodeFront } from './front/node-front.ts';
import type { PodRunner } from './pods/pod-runner.ts';
import { createSettling } from './turns/settling.ts';
import { createSlices } from './turns/slices.ts';

/** Programs the nodes with what changed: rules first, of every node, and what follows from them behind that. */
export interface Programmer {
  /** Every node that there is now has this to be programmed with. */
  add(dirty: Dirty): void;
  /** Does what is due; many changes take several turns of the event loop. Undefined when one was enough. */
  run(): Promise<void> | undefined;
  readonly isIdle: boolean;
  /** Of a node that is being left, nothing is due any more. */
  forget(node: string): void;
  clear(): void;
}

/** A node, as far as it is programmed. */
export interface ProgrammedNode {
  readonly agent: Pick<NodeAgent, 'apply' | 'settle'>;
  readonly runner: Pick<PodRunner, 'podChanged'>;
  readonly front: Pick<NodeFront, 'update'>;
  readonly freshness: Freshness;
}

export interface ProgrammerOptions {
  /** By name. */
  readonly nodes: ReadonlyMap<string, ProgrammedNode>;
  /** A step of what else is done in the same turns, when nothing is due; false when there is none. */
  readonly stepBetween: () => boolean;
  readonly attempt: Failures['attempt'];
  /** Every node's tables are as they should be, but for those that failed. */
  readonly onProgrammed: () => void;
  /** What follows from the tables is done too. */
  readonly onSettled: () => void;
  readonly nextTurn: NextTurn;
  readonly clock: Clock;
}

export function createProgrammer(options: ProgrammerOptions): Programmer {
  const { nodes, attempt, nextTurn, clock } = options;
  /** What changed and is to be programmed, by node. */
  const due = new Map<string, Dirty>();
  /** What could not be programmed yet. */
  const missed = new Map<string, Dirty>();

  /** With what changed, and what the node could not be programmed with before. */
  const program = (name: string, { agent, freshness }: ProgrammedNode, dirty: Dirty): void => {
    const before = missed.get(name);
    const wanted = before === undefined ? dirty : joinDirty(before, dirty);
    missed.set(name, wanted);
    attempt(name, () => {
      agent.apply(wanted);
      missed.delete(name);
      freshness.caughtUp();
      if (before !== undefined) settling.add(name, wanted);
    });
  };

  /** One node is programmed with what is due there. */
  const step = (): boolean => {
    const [first] = due;
    if (first === undefined) return options.stepBetween();
    const [name, dirty] = first;
    due.delete(name);
    const node = nodes.get(name);
    if (node === undefined) return true;
    program(name, node, dirty);
    node.front.update(dirty.services);
    for (const key of dirty.pods) node.runner.podChanged(key);
    settling.add(name, dirty);
    return true;
  };
  const slices = createSlices({ clock, nextTurn, step, onIdle: options.onProgrammed });

  /** Step by step: what changes meanwhile is programmed between two of them. */
  function* settle(name: string, dirty: Dirty): Generator<undefined, void> {
    const steps = nodes.get(name)?.agent.settle(dirty);
    let isDone = steps === undefined;
    while (!isDone) {
      isDone = true;
      attempt(name, () => (isDone = steps?.next().done !== false), 'rest');
      if (!isDone) yield;
    }
  }
  // Rules first, of every node and of later changes too: how many connections there are keeps none of them waiting.
  const settling = createSettling({ begin: settle, onIdle: options.onSettled, nextTurn });

  return {
    add(dirty) {
      for (const [name, { freshness }] of nodes) {
        const before = due.get(name);
        due.set(name, before === undefined ? dirty : joinDirty(before, dirty));
        freshness.isBehind();
      }
    },
    run: () => slices.run(),
    get isIdle() {
      return slices.isIdle && settling.isIdle;
    },
    forget(node) {
      due.delete(node);
      missed.delete(node);
      settling.forget(node);
    },
    clear() {
      due.clear();
      settling.clear();
    },
  };
}
