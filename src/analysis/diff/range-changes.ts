import type { AddressRange } from '../../lib/prefix.ts';
import { families, type Family } from '../../lib/address.ts';
import { passageKey, type Passage, type PassageOfRange } from './rows.ts';

/** A range of addresses about which two clusters say something else. */
export interface RangeChange {
  readonly range: AddressRange;
  readonly before: Passage | undefined;
  readonly after: Passage | undefined;
}

/**
 * Cuts the addresses at every bound of both lists and joins again what both say the same of: however the two were cut,
 * only what really differs is told, in ranges as large as can be. Both lists are disjoint and ascending.
 */
export function rangeChanges(
  before: readonly PassageOfRange[],
  after: readonly PassageOfRange[],
): RangeChange[] {
  return families.flatMap((family) => {
    const ofFamily = (list: readonly PassageOfRange[]): readonly PassageOfRange[] =>
      list.filter(({ range }) => range.first.family === family);
    return changesIn(family, ofFamily(before), ofFamily(after));
  });
}

function changesIn(
  family: Family,
  before: readonly PassageOfRange[],
  after: readonly PassageOfRange[],
): RangeChange[] {
  const bounds = [...before, ...after].flatMap(({ range }) => [range.first.value, range.last.value + 1n]);
  const cuts = [...new Set(bounds)].sort((a, b) => (a < b ? -1 : 1));
  const [left, right] = [createCursor(before), createCursor(after)];
  const changes: RangeChange[] = [];
  for (const [index, first] of cuts.entries()) {
    const next = cuts[index + 1];
    if (next === undefined) break;
    const range = { first: { family, value: first }, last: { family, value: next - 1n } };
    append(changes, { range, before: left(first), after: right(first) });
  }
  return changes.filter((one) => passageKey(one.before) !== passageKey(one.after));
}

/** Says what holds at an address; asked with ascending addresses only. */
function createCursor(list: readonly PassageOfRange[]): (value: bigint) => Passage | undefined {
  let at = 0;
  return (value) => {
    while ((list[at]?.range.last.value ?? value) < value) at += 1;
    const entry = list[at];
    return entry !== undefined && entry.range.first.value <= value ? entry.passage : undefined;
  };
}

/** Joined to its neighbour where both say the same. */
function append(changes: RangeChange[], change: RangeChange): void {
  const previous = changes.at(-1);
  const isSame =
    previous !== undefined &&
    previous.range.last.value + 1n === change.range.first.value &&
    passageKey(previous.before) === passageKey(change.before) &&
    passageKey(previous.after) === passageKey(change.after);
  if (isSame) {
    changes[changes.length - 1] = {
      ...change,
      range: { first: previous.range.first, last: change.range.last },
    };
  } else changes.push(change);
}
