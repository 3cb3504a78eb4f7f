import { formatPorts, type PortSet } from '../../model/policy/port-set.ts';
import type { AddressRange } from '../../lib/prefix.ts';
import type { ReachEnd, RowDetail } from '../reach/answer.ts';
import type { ReachView } from '../reach/view.ts';

/** What may pass between two ends. */
export interface Passage {
  /** As `formatPorts` writes them; empty for nothing. */
  readonly ports: readonly string[];
  /** On what it depends, where not all pods agree. */
  readonly why: string | undefined;
}

/** Who reaches whom in one cluster, ready to be compared with another. */
export interface ComparableReach {
  /** Names of all workloads or pods, also of those that reach nobody. */
  readonly ends: ReadonlySet<string>;
  /** Between workloads or pods, by source and then destination. */
  readonly named: ReadonlyMap<string, ReadonlyMap<string, Passage>>;
  /** From addresses, by destination; disjoint and ascending in each family. */
  readonly from: ReadonlyMap<string, readonly PassageOfRange[]>;
  /** To addresses, by source. */
  readonly to: ReadonlyMap<string, readonly PassageOfRange[]>;
}

export interface PassageOfRange {
  readonly range: AddressRange;
  readonly passage: Passage;
}

/** Of `about`, only the rows of which one end is among these. */
export function comparableReach(view: ReachView, about?: ReadonlySet<string>): ComparableReach {
  const named = new Map<string, Map<string, Passage>>();
  const from = new Map<string, PassageOfRange[]>();
  const to = new Map<string, PassageOfRange[]>();
  const add = (source: ReachEnd, destination: ReachEnd, ports: PortSet, { why }: RowDetail = {}): void => {
    const passage = { ports: formatPorts(ports), why };
    if (passage.ports.length === 0) return;
    if (typeof source !== 'string') {
      if (typeof destination === 'string') push(from, destination, { range: source, passage });
    } else if (typeof destination !== 'string') push(to, source, { range: destination, passage });
    else {
      const row = named.get(source) ?? new Map<string, Passage>();
      named.set(source, row.set(destination, passage));
    }
  };
  view.tell({ add }, about);
  return { ends: new Set(view.ends), named, from, to };
}

function push<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

/** Equal exactly for passages that are told alike. */
export function passageKey(passage: Passage | undefined): string {
  return passage === undefined ? '' : `${passage.ports.join()} ${passage.why ?? ''}`;
}
