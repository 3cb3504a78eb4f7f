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
  readonly agent: Laid;
  readonly steps: Iterator<void>;
}

export function createJoins<Agent extends Laid>({
  agentOf,
  open,
  enlist,
  attempt,
}: JoinsOptions<Agent>): Joins {
  const joining = new Map<string, Joining>();

  function* stepsOf(place: NodePlace, agent: Agent): Generator<void> {
    open(place);
    yield* agent.layOut();
    enlist(place, agent);
  }

  return {
    has: (node) => joining.has(node),
    add(place) {
      const agent = agentOf(place);
      joining.set(place.name, { place, agent, steps: stepsOf(place, agent) });
    },
    giveUpWhereChanged(places) {
      const changed = [...joining].filter(([name, { place }]) => !sameJson(places.get(name), place));
      for (const [name, { agent }] of changed) {
        joining.delete(name);
        // Where it is to join again, what is laid out is taken over.
        if (!places.has(name)) attempt(name, () => agent.cleanup());
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
