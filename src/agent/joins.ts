import { sameJson } from '../lib/same-json.ts';
import type { NodePlace } from '../model/network/topology.ts';
import type { NodeAgent } from './node-agent.ts';

/** Nodes that are to join, one after the other, in steps that others' work may come between. */
export interface Joins {
  has(node: string): boolean;
  add(place: NodePlace): void;
  /** Gives up nodes that have left the cluster or are somewhere else now. Returns their names. */
  giveUpWhereChanged(places: ReadonlyMap<string, NodePlace>): string[];
  /** Goes on with the first of them. False when there is none. */
  step(): boolean;
}

type Laid = Pick<NodeAgent, 'layOut' | 'cleanup'>;

export interface JoinsOptions<Agent extends Laid> {
  /** Of a place; nothing is done to the kernel yet. */
  readonly agentOf: (place: NodePlace) => Agent;
  /** Throws when the node's namespace is not there. */
  readonly open: (place: NodePlace) => void;
  /** Makes it a member, once its tables are laid out: in one step, so that no change comes in the middle of it. */
  readonly enlist: (place: NodePlace, agent: Agent) => void;
  /** Does the work for a node; where it throws, the node is added again later. */
  readonly attempt: (node: string, work: () => void) => void;
}

interface Joining {
  readonly place: NodePlace;
  /** From its first step on. */
  agent: Laid | undefined;
}

export function createJoins<Agent extends Laid>({
  agentOf,
  open,
  enlist,
  attempt,
}: JoinsOptions<Agent>): Joins {
  const joining = new Map<string, { readonly own: Joining; readonly steps: Iterator<void> }>();

  function* stepsOf(own: Joining): Generator<void> {
    open(own.place);
    const agent = agentOf(own.place);
    own.agent = agent;
    yield* agent.layOut();
    enlist(own.place, agent);
  }

  return {
    has: (node) => joining.has(node),
    add(place) {
      const own: Joining = { place, agent: undefined };
      joining.set(place.name, { own, steps: stepsOf(own) });
    },
    giveUpWhereChanged(places) {
      const changed = [...joining].filter(([name, { own }]) => !sameJson(places.get(name), own.place));
      for (const [name, { own }] of changed) {
        joining.delete(name);
        // Where it is to join again, what is laid out is taken over.
        if (!places.has(name)) attempt(name, () => own.agent?.cleanup());
      }
      return changed.map(([name]) => name);
    },
    step() {
      const [first] = joining;
      if (first === undefined) return false;
      const [name, { steps }] = first;
      let isOver = true;
      attempt(name, () => {
        isOver = steps.next().done === true;
      });
      if (isOver) joining.delete(name);
      return true;
    },
  };
}
