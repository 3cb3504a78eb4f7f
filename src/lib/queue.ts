import { backOffMs, type BackOff } from './back-off.ts';
import type { Clock } from './clock.ts';

/**
 * When a key's handler wants to run again: `never` (until the key is added), after a growing `back-off`, or after
 * a time it knows itself.
 */
export type NextRun = 'never' | 'back-off' | { readonly afterMs: number };

/** Work by key: each key runs at most once at a time, and what is added while it runs makes it run once more. */
export interface WorkQueue {
  /** Runs the key's handler in the next microtask, also when the key waited for a back-off. */
  add(key: string): void;
  /** Runs the key's handler after `delayMs` unless it is added, or due, before. */
  addAfter(key: string, delayMs: number): void;
  /** Forgets that the key failed, and what it waits for. A handler that runs is not interrupted. */
  forget(key: string): void;
  /** Resolves when no key is due or running. Keys that wait for their time do not count. */
  idle(): Promise<void>;
  /** Keys added before wait for this. */
  start(): void;
  /** Starts nothing any more, aborts the handlers' signal and resolves when the running ones have returned. */
  stop(): Promise<void>;
}

export interface WorkQueueOptions {
  readonly handler: (key: string, signal: AbortSignal) => Promise<NextRun>;
  readonly clock: Clock;
  /** Keys handled at the same time; 1 unless said otherwise. */
  readonly concurrency?: number;
  readonly backOff?: BackOff;
  /** A handler that throws is a defect: it is reported here and its key backs off. */
  readonly onThrow?: (key: string, thrown: unknown) => void;
}

interface Entry {
  state: 'waiting' | 'due' | 'running';
  /** Added again while it ran. */
  again: boolean;
  failures: number;
  cancelTimer?: (() => void) | undefined;
  dueAt?: number | undefined;
}

/** Handlers started in one go before input and output get a turn: a long burst must not starve sockets. */
const burst = 64;

/** A keyed queue without any delay of its own: a key added to an idle queue runs in the next microtask. */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { handler, clock, concurrency = 1 } = options;
  const entries = new Map<string, Entry>();
  const due = new Set<string>();
  const idleWaiters = new Set<() => void>();
  const abort = new AbortController();
  let running = 0;
  let started = false;
  let pumpScheduled = false;
  let startedInBurst = 0;

  function entryOf(key: string): Entry {
    let entry = entries.get(key);
    if (entry === undefined) {
      entry = { state: 'waiting', again: false, failures: 0 };
      entries.set(key, entry);
    }
    return entry;
  }

  function add(key: string): void {
    if (abort.signal.aborted) return;
    const entry = entryOf(key);
    if (entry.state === 'running') {
      entry.again = true;
      return;
    }
    if (entry.state === 'due') return;
    clearTimer(entry);
    entry.state = 'due';
    due.add(key);
    schedulePump();
  }

  function addAfter(key: string, delayMs: number): void {
    if (abort.signal.aborted) return;
    const entry = entryOf(key);
    const dueAt = clock.monotonic() + delayMs;
    if (entry.state === 'due' || (entry.dueAt !== undefined && entry.dueAt <= dueAt)) return;
    clearTimer(entry);
    entry.dueAt = dueAt;
    entry.cancelTimer = clock.after(delayMs, () => {
      clearTimer(entry);
      add(key);
    });
  }

  function schedulePump(): void {
    if (pumpScheduled || !started) return;
    pumpScheduled = true;
    if (startedInBurst < burst) queueMicrotask(pump);
    else
      setImmediate(() => {
        startedInBurst = 0;
        pump();
      });
  }

  function pump(): void {
    pumpScheduled = false;
    for (const key of due) {
      if (running >= concurrency || abort.signal.aborted) return;
      if (++startedInBurst > burst) {
        schedulePump();
        return;
      }
      due.delete(key);
      void run(key, entryOf(key));
    }
  }

  async function run(key: string, entry: Entry): Promise<void> {
    running += 1;
    entry.state = 'running';
    entry.again = false;
    const next = await handle(key);
    running -= 1;
    entry.state = 'waiting';
    settle(key, entry, next);
    if (due.size > 0) schedulePump();
    else if (running === 0) reportIdle();
  }

  async function handle(key: string): Promise<NextRun> {
    try {
      return await handler(key, abort.signal);
    } catch (thrown) {
      options.onThrow?.(key, thrown);
      return 'back-off';
    }
  }

  function settle(key: string, entry: Entry, next: NextRun): void {
    entry.failures = next === 'back-off' ? entry.failures + 1 : 0;
    if (entry.again) add(key);
    else if (next === 'back-off') addAfter(key, backOffMs(entry.failures, options.backOff));
    else if (next !== 'never') addAfter(key, next.afterMs);
    else if (entry.cancelTimer === undefined && entries.get(key) === entry) entries.delete(key);
  }

  function reportIdle(): void {
    startedInBurst = 0;
    for (const resolve of idleWaiters) resolve();
    idleWaiters.clear();
  }

  return {
    add,
    addAfter,
    forget(key) {
      const entry = entries.get(key);
      if (entry === undefined || entry.state === 'running') return;
      clearTimer(entry);
      due.delete(key);
      entries.delete(key);
      if (due.size === 0 && running === 0) reportIdle();
    },
    idle() {
      if (due.size === 0 && running === 0) return Promise.resolve();
      return new Promise((resolve) => idleWaiters.add(resolve));
    },
    start() {
      started = true;
      if (due.size > 0) schedulePump();
    },
    async stop() {
      abort.abort();
      for (const entry of entries.values()) clearTimer(entry);
      due.clear();
      if (running > 0) await new Promise<void>((resolve) => idleWaiters.add(resolve));
      else reportIdle();
    },
  };
}

function clearTimer(entry: Entry): void {
  entry.cancelTimer?.();
  entry.cancelTimer = undefined;
  entry.dueAt = undefined;
}
