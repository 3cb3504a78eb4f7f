import type { Conntrack, ConntrackEntry } from '../kernel/conntrack/port.ts';
import type { Family } from '../lib/address.ts';
import { nftWord } from '../plan/families.ts';

/** What is asked of connection tracking. */
export type Connections = Pick<Conntrack, 'list' | 'scan' | 'delete' | 'setMarks'>;

/** Where a node's connections are tracked, and the families that it speaks. */
export interface TrackedNode {
  readonly conntrack: Connections;
  readonly netns: string;
  readonly families: readonly Family[];
}

/** The same, listed once for all who ask in one turn: to read thousands of connections takes a tenth of a second. */
export function listedOnce(conntrack: Connections): Connections {
  const known = new Map<string, ConntrackEntry[]>();
  const list: Connections['list'] = (netns, family) => {
    const place = `${family} ${netns}`;
    const listed = known.get(place) ?? conntrack.list(netns, family);
    known.set(place, listed);
    return listed;
  };
  return {
    list,
    scan: list,
    delete: (netns, entry) => conntrack.delete(netns, entry),
    setMarks: (netns, entries, mark) => conntrack.setMarks(netns, entries, mark),
  };
}

/** All connections of a node, in no order. */
export function connectionsOf({ conntrack, netns, families }: TrackedNode): ConntrackEntry[] {
  return families.flatMap((family) => conntrack.list(netns, nftWord[family]));
}

/** The same one by one, for who may stop in between. */
export function* scanConnections({ conntrack, netns, families }: TrackedNode): Iterable<ConntrackEntry> {
  for (const family of families) yield* conntrack.scan(netns, nftWord[family]);
}
