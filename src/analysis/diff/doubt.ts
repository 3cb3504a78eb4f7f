import type { Doubt } from '../reach/doubt.ts';
import type { ReachDiff } from './diff.ts';

/** What one of two clusters could not be asked. */
export interface DiffDoubts {
  /** Policies that nobody could read: whatever they are about is in doubt. */
  readonly undecided: readonly Doubt[];
  /** Objects that may be there and are not in the answer: what seems new or gone may only not have been seen. */
  readonly unseen: readonly Doubt[];
}

/** The differences, those that are in doubt with the reason. */
export function doubtedDiff(diff: ReachDiff, { undecided, unseen }: DiffDoubts): ReachDiff {
  if (undecided.length + unseen.length === 0) return diff;
  const about = (doubts: readonly Doubt[], names: readonly string[]): string | undefined =>
    doubts.find(
      ({ namespace }) => namespace === undefined || names.some((name) => name.startsWith(`${namespace}/`)),
    )?.why;
  return {
    connections: diff.connections.map((one) => {
      const ends = [one.source, one.destination];
      const doubt = about(undecided, ends) ?? (one.because === undefined ? undefined : about(unseen, ends));
      return { ...one, ...(doubt !== undefined && { doubt }) };
    }),
    services: diff.services.map((one) => {
      const doubt = about(unseen, [one.service]);
      return { ...one, ...(doubt !== undefined && { doubt }) };
    }),
  };
}
