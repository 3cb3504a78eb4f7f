import type { ConnectionChange, ReachDiff } from './diff.ts';
import { passageKey } from './rows.ts';

/** What changes between two clusters of which some labels are not known: in one case at least, in the other at most. */
export interface DiffBounding {
  readonly least: ReachDiff;
  readonly most: ReachDiff;
  readonly why: string;
}

/** The differences; those that are not the same whatever the labels are have that as their doubt. */
export function boundedDiff(diff: ReachDiff, { least, most, why }: DiffBounding): ReachDiff {
  const all = [diff, least, most].map(
    ({ connections }) => new Map(connections.map((one) => [endsOf(one), one])),
  );
  const ends = new Set(all.flatMap((changes) => [...changes.keys()]));
  const connections = [...ends].flatMap((key) => {
    const found = all.map((changes) => changes.get(key));
    const one = found.find((change) => change !== undefined);
    if (one === undefined) return [];
    const isSure = found.every((change) => change !== undefined && isSame(change, one));
    return [isSure ? one : { ...one, doubt: why }];
  });
  return { connections, services: diff.services };
}

const endsOf = ({ source, destination }: ConnectionChange): string => JSON.stringify([source, destination]);

const isSame = (a: ConnectionChange, b: ConnectionChange): boolean =>
  passageKey(a.before) === passageKey(b.before) && passageKey(a.after) === passageKey(b.after);
