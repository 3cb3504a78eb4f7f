import type { Client } from '../client/port.ts';
import type { Clock } from '../lib/clock.ts';
import { messageOf, WeftError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { ClusterPlace } from '../model/fabric/layer2/node-addresses.ts';
import type { NetworkConfig } from '../model/network/config.ts';
import type { FailingKey, Outcome } from '../reconcile/outcome.ts';
import { createReconciler, type Reconciler, type ReconcilerOptions } from '../reconcile/reconciler.ts';
import type { ClusterCache } from './cluster-cache.ts';
import type { EventRecorder } from './events.ts';

/** What every controller is made of. */
export interface ControllerContext {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  readonly config: NetworkConfig;
  readonly rootCa?: string;
  /** Where the segment that the nodes are on is described, in a further cluster of a lab. */
  readonly around?: ClusterPlace & { readonly client: Client };
  readonly cache: ClusterCache;
  readonly events: EventRecorder;
}

/** One small loop over the cluster's objects. */
export interface Controller {
  readonly name: string;
  /** Called when the caches are filled: follows their changes and looks at everything that is there. */
  start(): void;
  stop(): Promise<void>;
  failing(): FailingKey[];
  /** Resolves when nothing is due or running. */
  idle(): Promise<void>;
}

/** A controller of these reconcilers; `follow` subscribes to changes and returns how to end that. */
export function controllerOf(
  name: string,
  reconcilers: readonly Reconciler[],
  follow: () => readonly (() => void)[],
): Controller {
  let ends: readonly (() => void)[] = [];
  return {
    name,
    start() {
      ends = follow();
      for (const reconciler of reconcilers) reconciler.start();
    },
    async stop() {
      for (const end of ends) end();
      await Promise.all(reconcilers.map((reconciler) => reconciler.stop()));
    },
    failing: () => reconcilers.flatMap((reconciler) => reconciler.failing()),
    async idle() {
      await Promise.all(reconcilers.map((reconciler) => reconciler.idle()));
    },
  };
}

/** Keys in flight per controller: most of a handler's time is waiting for the API server. */
const concurrency = 32;

/** A reconciler whose handler may let the API's errors through: they become outcomes here, once. */
export function reconcilerFor(
  { clock, log }: Pick<ControllerContext, 'clock' | 'log'>,
  name: string,
  reconcile: ReconcilerOptions['reconcile'],
): Reconciler {
  return createReconciler({
    name,
    clock,
    log,
    concurrency,
    reconcile: (key, signal) => reconcile(key, signal).catch(outcomeOf),
  });
}

/** A conflict means that the cache was behind: it soon is not. Everything else backs off. */
function outcomeOf(thrown: unknown): Outcome {
  if (!(thrown instanceof WeftError)) throw thrown;
  const why = messageOf(thrown);
  return thrown.code === 'api-conflict' ? { kind: 'retry', why, afterMs: 10 } : { kind: 'retry', why };
}
