/**
 * What came of bringing one key to its desired state. `done`: as it should be. `wait`: all is well, look again
 * after a time. `retry`: something failed and may work later (`afterMs`, or a growing back-off). `fatal`: it
 * cannot work until something changes, so nothing happens before the key is enqueued again.
 */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'wait'; readonly afterMs: number }
  | { readonly kind: 'retry'; readonly why: string; readonly afterMs?: number }
  | { readonly kind: 'fatal'; readonly why: string };

export const done: Outcome = { kind: 'done' };

/** A key that is not as it should be, and why. */
export interface FailingKey {
  readonly key: string;
  readonly why: string;
  /** Failures in a row. */
  readonly failures: number;
  /** False when only a change of its inputs can help. */
  readonly retried: boolean;
  /** Wall-clock milliseconds of the first failure in the row. */
  readonly since: number;
}
