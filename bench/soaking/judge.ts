import { quantile } from '../lib/summary.ts';
import type { Counts } from './counts.ts';

/** How one count fared over all rounds; `flat` is null where they were too few to tell. */
export interface Judgement {
  readonly soak: keyof Counts;
  readonly rounds: number;
  /** Medians of the first and the last quarter of the rounds. */
  readonly first: number;
  readonly last: number;
  readonly allowedGrowth: number;
  readonly flat: boolean | null;
}

/** With fewer rounds a quarter is no more than chance. */
export const fewestRounds = 8;

/**
 * What a machine moves by itself, or the kernel rounds up to (a slab of namespaces holds 7), between two quarters. One
 * thing leaked in every round would be three quarters of the rounds, which is more than this from 40 rounds on.
 */
const allowedGrowth: Counts = {
  namespaces: 14,
  processes: 8,
  descriptors: 256,
  mounts: 8,
  conntrack: 128,
  usedKilobytes: 96 * 1024,
  slabKilobytes: 16 * 1024,
};

/** Compares the last quarter of the rounds with the first, count by count. Throws RangeError for no rounds. */
export function judge(rounds: readonly Counts[]): Judgement[] {
  const quarter = Math.max(1, Math.floor(rounds.length / 4));
  return (Object.keys(allowedGrowth) as (keyof Counts)[]).map((soak) => {
    const values = rounds.map((counts) => counts[soak]);
    const [first, last] = [median(values.slice(0, quarter)), median(values.slice(-quarter))];
    const isFlat = last - first <= allowedGrowth[soak];
    return {
      soak,
      rounds: rounds.length,
      first,
      last,
      allowedGrowth: allowedGrowth[soak],
      flat: rounds.length < fewestRounds ? null : isFlat,
    };
  });
}

const median = (values: readonly number[]): number => quantile(values, 0.5);
