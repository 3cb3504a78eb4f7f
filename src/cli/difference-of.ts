import { boundedDiff } from '../analysis/diff/bounded.ts';
import { diffReach, type ReachDiff } from '../analysis/diff/diff.ts';
import { doubtedDiff } from '../analysis/diff/doubt.ts';
import type { ReachOptions } from '../analysis/reach/options.ts';
import { doubtsOf, unseenOf } from './partial.ts';
import type { World } from './world.ts';

/** A cluster, and what of it is not known. */
export type Side = Pick<World, 'cluster' | 'problems' | 'ungiven'>;

/** What differs between two clusters, with what could not be read, or depends on labels that nobody knows, in doubt. */
export function differenceOf(old: Side, now: Side, options: ReachOptions): ReachDiff {
  return doubtedDiff(bounded(old, now, options), {
    undecided: [old, now].flatMap(doubtsOf),
    unseen: [old, now].flatMap(unseenOf),
  });
}

function bounded(old: Side, now: Side, options: ReachOptions): ReachDiff {
  const difference = diffReach(old.cluster, now.cluster, options);
  const why = (now.ungiven?.bounds ?? old.ungiven?.bounds)?.why;
  if (why === undefined) return difference;
  const inCase = (which: 'least' | 'most'): ReachDiff => {
    const [before, after] = [old, now].map(({ cluster, ungiven }) => ungiven?.bounds?.[which] ?? cluster);
    return before === undefined || after === undefined ? difference : diffReach(before, after, options);
  };
  return boundedDiff(difference, { least: inCase('least'), most: inCase('most'), why });
}
