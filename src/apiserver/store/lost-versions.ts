/**
 * Versions that watchers may have heard of and that a crash of the machine may have taken back: they lie between the last
 * one that was found again and the one that the store went on with. Nobody is ever given one of them.
 */
export interface LostVersions {
  /** The last one that was found again: up to here history is whole. */
  readonly after: number;
  /** What the store went on with: from here on it is whole again. */
  readonly before: number;
}

/**
 * How far a store goes on behind what it found, when it was not closed: further than anybody has heard, for so much is
 * not written while the disk is waited for once. It is what etcd's documentation advises for a restored backup
 * (`--bump-revision 1000000000`), and leaves room for millions of crashes in what a JavaScript number holds.
 */
export const leapOverLost = 1_000_000_000;

/** Whether a version is lost: whoever holds it may hold what never was. */
export function isLost(gaps: readonly LostVersions[], version: number): boolean {
  return gaps.some(({ after, before }) => version > after && version < before);
}

/** The version before the last `count` that were given up to `version`; gaps are in order. */
export function goBack(gaps: readonly LostVersions[], version: number, count: number): number {
  let [at, left] = [version, count];
  for (const { after, before } of gaps.toReversed()) {
    if (before > at || at - left >= before) continue;
    left -= at - before + 1;
    at = after;
  }
  return at - left;
}
