import type { Conntrack, ConntrackEntry } from '../kernel/conntrack/port.ts';
import type { Family } from '../lib/address.ts';
import { nftWord } from '../plan/families.ts';

/** Where a node's connections are tracked, and the families that it speaks. */
export interface TrackedNode {
  readonly conntrack: Conntrack;
  readonly netns: string;
  readonly families: readonly Family[];
}

/** All connections of a node, in no order. */
export function connectionsOf({ conntrack, netns, families }: TrackedNode): ConntrackEntry[] {
  return families.flatMap((family) => conntrack.list(netns, nftWord[family]));
}
