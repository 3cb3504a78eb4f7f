import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { createWorkQueue, type NextRun } from '../lib/queue.ts';
import type { FailingKey, Outcome } from './outcome.ts';

/** A loop that brings keys to their desired state, one handler per key at a time. */
export interface Reconciler {
  /** Look at this key, at once. */
  enqueue(key: string): void;
  enqueueAfter(key: string, delayMs: number): void;
  /** Keys whose last outcome was `retry` or `fatal`. */
  failing(): FailingKey[];
  /** Resolves when no key is due or running; keys that wait for a retry do not count. */
  idle(): Promise<void>;
  /** Keys enqueued before wait for this. */
  start(): void;
  stop(): Promise<void>;
}

export interface ReconcilerOptions {
  /** In logs: the controller's name. */
  readonly name: string;
  /** Reports failure by its outcome; throwing is treated as a retry and logged as a defect. */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<Outcome>;
  readonly clock: Clock;
  readonly log: Log;
  /** Keys handled at the same time; 8 unless said otherwise. */
  readonly concurrency?: number;
}

/** Knows nothing of Kubernetes: keys, outcomes, back-off and who is failing. */
export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { name, clock, log } = options;
  const failing = new Map<string, FailingKey>();

  function remember(key: string, failure: { why: string; retried: boolean }): void {
    const before = failing.get(key);
    const failures = (before?.failures ?? 0) + 1;
    failing.set(key, { key, ...failure, failures, since: before?.since ?? clock.now() });
    // The first failure is often a race that the retry wins; a warning should mean something.
    const level = failures > 1 || !failure.retried ? 'warn' : 'debug';
    log[level]({ controller: name, key, failures, why: failure.why }, 'not as desired');
  }

  async function handler(key: string, signal: AbortSignal): Promise<NextRun> {
    const outcome = await options.reconcile(key, signal);
    if (outcome.kind === 'done' || outcome.kind === 'wait') failing.delete(key);
    if (outcome.kind === 'wait') return { afterMs: outcome.afterMs };
    if (outcome.kind === 'fatal') remember(key, { why: outcome.why, retried: false });
    if (outcome.kind !== 'retry' || signal.aborted) return 'never';
    remember(key, { why: outcome.why, retried: true });
    return outcome.afterMs === undefined ? 'back-off' : { afterMs: outcome.afterMs };
  }

  const queue = createWorkQueue({
    handler,
    clock,
    concurrency: options.concurrency ?? 8,
    onThrow(key, thrown) {
      remember(key, { why: messageOf(thrown), retried: true });
      log.error({ controller: name, key, error: thrown }, 'a handler threw');
    },
  });
  return {
    enqueue: (key) => queue.add(key),
    enqueueAfter: (key, delayMs) => queue.addAfter(key, delayMs),
    failing: () => [...failing.values()],
    idle: () => queue.idle(),
    start: () => queue.start(),
    stop: () => queue.stop(),
  };
}
