import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';

/** A node for which something could not be done. */
export interface NodeFailure {
  readonly node: string;
  readonly why: string;
}

/** `programming`: its tables are not as they should be; `rest`: something that follows from them. */
export type FailureKind = 'programming' | 'rest';

/** What could not be done for nodes: a node that fails must not keep the others from what is theirs. */
export interface Failures {
  /** Does the work. What it throws is the node's failure until work of the same kind succeeds. */
  readonly attempt: (node: string, work: () => void, kind?: FailureKind) => void;
  forget(node: string): void;
  /** Of nodes that are in the cluster: one that has left fails nobody. */
  list(): NodeFailure[];
  /** Nothing is tried again from now on. */
  stop(): void;
}

export interface FailuresOptions {
  readonly isNode: (name: string) => boolean;
  /** Called a second after something failed. */
  readonly tryAgain: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

const retryMs = 1_000;

export function createFailures({ isNode, tryAgain, clock, log }: FailuresOptions): Failures {
  const failing = { programming: new Map<string, string>(), rest: new Map<string, string>() };
  let cancelRetry: (() => void) | undefined;

  const tryAgainLater = (): void => {
    cancelRetry ??= clock.after(retryMs, () => {
      cancelRetry = undefined;
      tryAgain();
    });
  };

  return {
    attempt(node, work, kind = 'programming') {
      try {
        work();
        failing[kind].delete(node);
      } catch (error) {
        failing[kind].set(node, messageOf(error));
        log.error({ node, error: messageOf(error) }, 'could not be programmed');
        tryAgainLater();
      }
    },
    forget(node) {
      for (const why of Object.values(failing)) why.delete(node);
    },
    list: () =>
      [...failing.programming, ...failing.rest]
        .filter(([node]) => isNode(node))
        .map(([node, why]) => ({ node, why })),
    stop: () => cancelRetry?.(),
  };
}
