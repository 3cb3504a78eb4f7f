import { expired } from '../status.ts';
import type { Entry } from '../store/port.ts';

/** The rest of a list that a client reads in pieces; all pieces are of the same moment. */
export interface Snapshot {
  readonly entries: readonly Entry[];
  readonly resourceVersion: number;
}

/** Keeps what is left of lists between their pieces, a bounded number of them. */
export interface Snapshots {
  /** The token under which `take` finds it. */
  keep(snapshot: Snapshot): string;
  /** Throws 410 when it is no longer kept: the client then lists from the start. May be taken again. */
  take(token: string): Snapshot;
}

const mostKept = 128;

export function createSnapshots(): Snapshots {
  const kept = new Map<string, Snapshot>();
  let last = 0;
  return {
    keep(snapshot) {
      const token = Buffer.from(`${++last} ${snapshot.resourceVersion}`).toString('base64url');
      kept.set(token, snapshot);
      const [oldest] = kept.keys();
      if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
      return token;
    },
    take(token) {
      const snapshot = kept.get(token);
      if (snapshot === undefined) {
        throw expired('The provided continue parameter is too old to display a consistent list result.');
      }
      return snapshot;
    },
  };
}
