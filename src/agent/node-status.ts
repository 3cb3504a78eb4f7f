import { resources } from '../api/resources.ts';
import type { Node } from '../api/types/core.ts';
import type { Client } from '../client/port.ts';
import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { createWorkQueue } from '../lib/queue.ts';
import { timestamp } from '../lib/timestamp.ts';

/** Tells the scheduler which nodes are programmed, so that pods may come. */
export interface NodeReadiness {
  /** The node is programmed: its status says so, or why pods cannot run all the same. Tried again until it does. */
  ready(name: string): void;
  stop(): Promise<void>;
}

export interface NodeReadinessOptions {
  /** Acts as a node. */
  readonly clientOf: (node: string) => Client;
  /** The node as the API has it now. */
  readonly node: (name: string) => Node | undefined;
  /** Why pods cannot run on a node that is programmed; undefined when they can. */
  readonly problemOf: (name: string) => string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export function createNodeReadiness({
  clientOf,
  node,
  problemOf,
  clock,
  log,
}: NodeReadinessOptions): NodeReadiness {
  const queue = createWorkQueue({
    clock,
    handler: async (name) => {
      const current = node(name);
      const problem = problemOf(name);
      if (current === undefined || isSaid(current, problem)) return 'never';
      try {
        const now = clock.now();
        const body = { status: problem === undefined ? readyStatus(now) : unreadyStatus(problem, now) };
        await clientOf(name).patch(resources.nodes, { name }, { subresource: 'status', body });
        return 'never';
      } catch (error) {
        log.warn({ node: name, error: messageOf(error) }, 'readiness could not be reported');
        return 'back-off';
      }
    },
  });
  queue.start();
  return { ready: (name) => queue.add(name), stop: () => queue.stop() };
}

function isSaid({ status }: Node, problem: string | undefined): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return problem === undefined ? ready?.status === 'True' : ready?.message === problem;
}

/** As a kubelet tells it. */
function unreadyStatus(message: string, now: number): NonNullable<Node['status']> {
  const lastTransitionTime = timestamp(now);
  return {
    conditions: [{ type: 'Ready', status: 'False', reason: 'KubeletNotReady', message, lastTransitionTime }],
  };
}

function readyStatus(now: number): NonNullable<Node['status']> {
  const lastTransitionTime = timestamp(now);
  return {
    conditions: [
      { type: 'NetworkUnavailable', status: 'False', reason: 'NodeProgrammed', lastTransitionTime },
      {
        type: 'Ready',
        status: 'True',
        reason: 'NodeProgrammed',
        message: 'the network is programmed',
        lastTransitionTime,
      },
    ],
  };
}
