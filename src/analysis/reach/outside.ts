import type { Family } from '../../lib/address.ts';
import type { DirectionPolicy } from '../../model/policy/port.ts';
import { portSetKey } from '../../model/policy/port-set.ts';
import { flattenRanges, inRange, wholeSpace, type PortsOfRange } from '../../model/policy/ranges.ts';

/** The ports that at least one of several pods opens towards a range of addresses. */
export interface OutsideRow extends PortsOfRange {
  /** Whether all of them open just these to all of it. */
  readonly isAgreed: boolean;
}

/** What allowances open towards addresses as such, cut only where their ports differ. */
export function createOutside(
  families: readonly Family[],
): (policies: readonly DirectionPolicy[]) => OutsideRow[] {
  const known = new Map<DirectionPolicy, readonly PortsOfRange[]>();
  const rowsOf = (policy: DirectionPolicy): readonly PortsOfRange[] => {
    const rows = known.get(policy) ?? openRanges(policy, families);
    known.set(policy, rows);
    return rows;
  };
  return (policies) => {
    const lists = [...new Set(policies)].map(rowsOf);
    const [first, ...others] = lists;
    if (first !== undefined && others.length === 0) return first.map((row) => ({ ...row, isAgreed: true }));
    return flattenRanges(lists.flat()).map((row) => ({
      ...row,
      isAgreed: lists.every((list) => hasRow(list, row)),
    }));
  };
}

/** The whole space and the ranges in it. */
function openRanges(
  { anywhere, ranges, verdicts }: DirectionPolicy,
  families: readonly Family[],
): PortsOfRange[] {
  if (verdicts !== undefined) {
    return verdicts.otherwise.stem.ranges.filter(({ range }) => families.includes(range.first.family));
  }
  const everywhere = families.map((family) => ({ range: wholeSpace(family), ports: anywhere }));
  const blocks = ranges.filter(({ range }) => families.includes(range.first.family));
  return flattenRanges([...everywhere, ...blocks]);
}

function hasRow(rows: readonly PortsOfRange[], { range, ports }: PortsOfRange): boolean {
  const key = portSetKey(ports);
  return rows.some(
    (row) =>
      inRange(row.range, range.first) && inRange(row.range, range.last) && portSetKey(row.ports) === key,
  );
}
