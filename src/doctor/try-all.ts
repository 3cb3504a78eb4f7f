import { messageOf } from '../lib/errors.ts';
import type { Finding, Remedy } from './finding.ts';
import type { Kernel } from './port.ts';

/** Something that labs need of the kernel, proved by doing it. */
export interface Trial {
  readonly check: string;
  /** Trials before it, without whose result it cannot be made. */
  readonly needs?: readonly string[];
  /** What works when it succeeds. */
  readonly found: string;
  /** What does not work without it, where labs run all the same. */
  readonly without?: string;
  readonly remedy: Remedy;
  /** Throws when it does not work. */
  attempt(kernel: Kernel): void;
}

/** Makes the trials in their order. None of them throws; what one made, a later one may use. */
export function tryAll(kernel: Kernel, trials: readonly Trial[]): Finding[] {
  const failed = new Set<string>();
  return trials.map((trial) => {
    const lost = (trial.needs ?? []).find((name) => failed.has(name));
    const finding = lost === undefined ? judge(kernel, trial) : skipped(trial, lost);
    if (finding.state !== 'ok') failed.add(trial.check);
    return finding;
  });
}

function judge(kernel: Kernel, trial: Trial): Finding {
  const { check, found, without, remedy } = trial;
  try {
    trial.attempt(kernel);
    return { check, state: 'ok', found };
  } catch (error) {
    const why = messageOf(error).split('\n')[0] ?? '';
    return without === undefined
      ? { check, state: 'missing', found: why, remedy }
      : { check, state: 'limited', found: `${without} (${why})`, remedy };
  }
}

const skipped = ({ check }: Trial, lost: string): Finding => ({
  check,
  state: 'skipped',
  found: `not tried without ${lost}`,
});
