import type { Measurement, Peer } from './figure.ts';

/** The line of a figure, as it is printed in JSON. */
export interface Summary {
  readonly bench: string;
  readonly unit: string;
  readonly n: number;
  readonly p50: number;
  readonly p99: number;
  readonly target: number;
  /** Whether the median is within the target. */
  readonly met: boolean;
  readonly peer: Peer | null;
}

export function summarise({ bench, unit, samples, target, peer }: Measurement): Summary {
  const p50 = quantile(samples, 0.5);
  return {
    bench,
    unit,
    n: samples.length,
    p50: rounded(p50),
    p99: rounded(quantile(samples, 0.99)),
    target,
    met: p50 <= target,
    peer,
  };
}

/**
 * The smallest sample that at least this share of all samples does not exceed (nearest rank): a value that was
 * measured, never one between two. Of few samples the 99th percentile is the largest. Throws RangeError for none.
 */
export function quantile(samples: readonly number[], share: number): number {
  const rank = Math.max(1, Math.ceil(share * samples.length));
  const found = samples.toSorted((a, b) => a - b)[rank - 1];
  if (found === undefined) throw new RangeError('no samples');
  return found;
}

/** Hundredths: finer than any of these figures is steady. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
