/**
 * What went wrong, once, at the boundary where it happened: a stable code for programs, a sentence for
 * people, and what to do next. Everything Weft throws on purpose is one of these.
 */
export class WeftError extends Error {
  /** Stable, lower-case, dash-separated; tests and callers branch on it and never on the message. */
  readonly code: string;
  /** What the reader can do about it, as one sentence. */
  readonly hint: string | undefined;
  /** Who is to blame, which decides the exit code: see `exitCodes`. */
  readonly fault: Fault;

  constructor(code: string, message: string, options: WeftErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'WeftError';
    this.code = code;
    this.hint = options.hint;
    this.fault = options.fault ?? 'check';
  }
}

export interface WeftErrorOptions {
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  readonly fault?: Fault | undefined;
}

/** `check`: something failed or differs. `input`: the user's words. `environment`: the machine lacks something. */
export type Fault = 'check' | 'input' | 'environment';

/** Exit codes of the command line, by fault. */
export const exitCodes = { check: 1, input: 2, environment: 3 } as const satisfies Record<Fault, number>;

/** The message of anything thrown, for logs and for wrapping. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
