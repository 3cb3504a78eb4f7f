import { isOutside } from '../reach/answer.ts';
import { formatRange } from '../../lib/prefix.ts';
import type { Cluster } from '../../model/cluster.ts';
import { indexOf } from '../cluster-index.ts';
import type { ReachOptions } from '../reach/options.ts';
import { viewReach } from '../reach/view.ts';
import { changeOf, type Change } from './change.ts';
import { rangeChanges, type RangeChange } from './range-changes.ts';
import { comparableReach, passageKey, type ComparableReach, type Passage } from './rows.ts';
import { serviceChanges, type ServiceChange } from './service-changes.ts';

/** What differs between two clusters: in who reaches whom, not in how it is written. */
export interface ReachDiff {
  /** By source and destination; addresses come first. */
  readonly connections: readonly ConnectionChange[];
  readonly services: readonly ServiceChange[];
}

/** Ends are as `reach` writes them. */
export interface ConnectionChange {
  readonly change: Change;
  readonly source: string;
  readonly destination: string;
  /** Undefined where nothing could pass. */
  readonly before: Passage | undefined;
  readonly after: Passage | undefined;
  /** Set where one of the ends itself is new or gone. */
  readonly because: string | undefined;
  /** Why it may not be so, where something that decides could not be read. */
  readonly doubt?: string;
}

/**
 * Compares what the policies of two clusters let through, and where their Services lead. Deterministic; equal clusters
 * have no differences, and swapped ones the mirrored ones.
 */
export function diffReach(before: Cluster, after: Cluster, options: ReachOptions = {}): ReachDiff {
  const comparable = (cluster: Cluster): ComparableReach =>
    comparableReach(viewReach(indexOf(cluster), options));
  const connections = compareReach(comparable(before), comparable(after));
  return { connections, services: serviceChanges(before, after) };
}

/** What differs in who reaches whom. */
export function compareReach(old: ComparableReach, now: ComparableReach): ConnectionChange[] {
  const becauseOf = ({ source, destination }: Ends): string | undefined =>
    [source, destination].map((end) => endChange(end, old, now)).find((why) => why !== undefined);
  return [
    ...outsideChanges(old.from, now.from, (range, name) => ({ source: range, destination: name })),
    ...outsideChanges(old.to, now.to, (range, name) => ({ source: name, destination: range })),
    ...namedChanges(old.named, now.named),
  ].map((one) => ({ ...one, because: becauseOf(one) }));
}

type Ends = Pick<ConnectionChange, 'source' | 'destination'>;
type BareChange = Omit<ConnectionChange, 'because'>;

function endChange(end: string, old: ComparableReach, now: ComparableReach): string | undefined {
  if (old.ends.has(end) === now.ends.has(end)) return undefined;
  return `${end} is ${now.ends.has(end) ? 'new' : 'gone'}`;
}

function outsideChanges(
  before: ComparableReach['from'],
  after: ComparableReach['from'],
  endsOf: (range: string, name: string) => Ends,
): BareChange[] {
  return keysOf(before, after).flatMap((name) =>
    rangeChanges(before.get(name) ?? [], after.get(name) ?? []).map((one: RangeChange) =>
      connectionChange(endsOf(formatRange(one.range), name), one.before, one.after),
    ),
  );
}

function namedChanges(before: ComparableReach['named'], after: ComparableReach['named']): BareChange[] {
  const none = new Map<string, Passage>();
  return keysOf(before, after).flatMap((source) => {
    const [old, now] = [before.get(source) ?? none, after.get(source) ?? none];
    return keysOf(old, now)
      .filter((destination) => passageKey(old.get(destination)) !== passageKey(now.get(destination)))
      .map((destination) =>
        connectionChange({ source, destination }, old.get(destination), now.get(destination)),
      );
  });
}

function connectionChange(ends: Ends, before: Passage | undefined, after: Passage | undefined): BareChange {
  return { change: changeOf(before !== undefined, after !== undefined), ...ends, before, after };
}

function keysOf(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): string[] {
  const keys = [...new Set([...a.keys(), ...b.keys()])].sort();
  // As in the rows: domain names before workloads and pods, whatever these are called.
  return [...keys.filter(isOutside), ...keys.filter((key) => !isOutside(key))];
}
