import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { sameJson } from '../lib/same-json.ts';
import type { NodePlace } from '../model/network/topology.ts';
import type { Freshness } from './freshness.ts';
import type { NodeAgent } from './node-agent.ts';
import type { NodeFront } from './front/node-front.ts';
import type { PodRunner } from './pods/pod-runner.ts';

/** A node whose tables are laid out, and whose pods are run. */
export interface Member {
  readonly place: NodePlace;
  readonly agent: NodeAgent;
  readonly runner: PodRunner;
  readonly front: NodeFront;
  readonly freshness: Freshness;
}

/** The nodes that this process looks after. */
export interface Members {
  /** By name. */
  readonly nodes: ReadonlyMap<string, Member>;
  add(member: Member): void;
  /** Ends what was begun for nodes that have left the cluster or are somewhere else now. */
  leaveWhereChanged(): void;
  /** Whether the node's loops are ending: it may join, or join again, afterwards. */
  isLeaving(node: string): boolean;
  /** Whether those of any are. */
  readonly isAnyLeaving: boolean;
  /** Resolves when the loops of all have ended. What they set up stays. */
  stop(): Promise<void>;
}

export interface MembersOptions {
  /** Where the cluster's nodes are, by name. */
  readonly places: ReadonlyMap<string, NodePlace>;
  /** Called as soon as nothing of the node is to be done any more. */
  readonly onLeave: (node: string) => void;
  /** Called when its place in the cluster is gone too, before what is there of it is taken away. */
  readonly onGone: (node: string) => void;
  /** Called when its loops have ended. */
  readonly onLeft: () => void;
  readonly log: Log;
}

export function createMembers({ places, onLeave, onGone, onLeft, log }: MembersOptions): Members {
  const nodes = new Map<string, Member>();
  const leaving = new Map<string, Promise<void>>();

  const leave = async (name: string, { agent, runner, front }: Member): Promise<void> => {
    front.stop();
    try {
      if (places.has(name)) await runner.stop();
      else {
        onGone(name);
        await runner.leave();
        agent.cleanup();
      }
    } catch (error) {
      log.error({ node: name, error: messageOf(error) }, 'could not be left');
    }
    leaving.delete(name);
    onLeft();
  };

  return {
    nodes,
    add: (member) => void nodes.set(member.place.name, member),
    leaveWhereChanged() {
      for (const [name, member] of nodes) {
        if (sameJson(places.get(name), member.place)) continue;
        nodes.delete(name);
        onLeave(name);
        leaving.set(name, leave(name, member));
      }
    },
    isLeaving: (node) => leaving.has(node),
    get isAnyLeaving() {
      return leaving.size > 0;
    },
    async stop() {
      for (const { front } of nodes.values()) front.stop();
      await Promise.all([...leaving.values(), ...[...nodes.values()].map(({ runner }) => runner.stop())]);
    },
  };
}
