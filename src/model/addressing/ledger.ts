import { countOf, joinRanges, withoutRanges, type AddressRange } from '../../lib/prefix.ts';
import { free, pick, type Order } from './pick.ts';
import { common, type Share } from './shares.ts';

/*
 * Two kinds of objects say who has which addresses of a subnet: one SubnetAllocation, which decides, and a
 * NodeNetworkConfig for each node, by which the node knows. They cannot be written together, and a process may die
 * between any two writes, or work from what it read a while ago. What keeps an address from having two owners:
 *
 * - A node has what its NodeNetworkConfig tells it, less what it gives back itself (`returned`).
 * - What is given is written into the SubnetAllocation first. So it is there before any node knows.
 * - What is taken back leaves the NodeNetworkConfig first (`withdraw`), with the version that the share has next. Who
 *   works from an older share then sees that the node was told of a newer one, and tells it nothing.
 * - Every write is conditional on the object's being the one that was read.
 */

/** A node that has a NodeNetworkConfig, as that says. */
export interface Asker {
  readonly name: string;
  readonly uid: string;
  /** How many addresses it asks for. */
  readonly wanted: number;
  /** How many of them its pods need now: they come first where there are too few. */
  readonly used: number;
  /** What it gives back. */
  readonly returned: readonly AddressRange[];
  /** What it was told that it has, with the version of its share then; 0 before it was told anything. */
  readonly told: readonly AddressRange[];
  readonly toldVersion: number;
}

/** What there is to give of a subnet. */
export interface Room {
  readonly ranges: readonly AddressRange[];
  /** Addresses are given in pieces of so many. */
  readonly piece: number;
  readonly order: Order;
}

/** What a node is told. */
export interface Telling {
  readonly ranges: readonly AddressRange[];
  readonly version: number;
}

/** What a node is told first, when it gives something back; undefined when it does not, or was told already. */
export function withdraw(share: Share | undefined, asker: Asker): Telling | undefined {
  if (share?.uid !== asker.uid || asker.toldVersion > share.version) return undefined;
  if (!isReturning(asker)) return undefined;
  return { ranges: withoutRanges(asker.told, asker.returned), version: share.version + 1 };
}

/** Whether something that the node gives back is still to be withdrawn. */
export function isReturning({ told, returned }: Asker): boolean {
  return common(told, returned).length > 0;
}

/** What a node is told of its share; undefined when it was told something newer: the share is about to change. */
export function telling(share: Share | undefined, asker: Asker): Telling | undefined {
  if (share?.uid !== asker.uid || asker.toldVersion > share.version) return undefined;
  // What it still has and gives back is withdrawn first.
  const untold = withoutRanges(asker.returned, asker.told);
  return { ranges: withoutRanges(share.ranges, untold), version: share.version };
}

/**
 * The shares as they are to be: without what was given back, and with what nodes ask for as far as there is room.
 * Shares of `gone` NodeNetworkConfigs, by uid, fall to the others; `kept` addresses are given to nobody.
 */
export function settle(
  shares: ReadonlyMap<string, Share>,
  askers: readonly Asker[],
  room: Room,
  { gone, kept }: { readonly gone: ReadonlySet<string>; readonly kept: () => readonly AddressRange[] },
): Map<string, Share> {
  const settled = new Map<string, Share>();
  const asking = new Map(askers.map((asker) => [asker.name, asker]));
  for (const share of shares.values()) {
    if (gone.has(share.uid)) continue;
    settled.set(share.name, withoutWithdrawn(share, asking.get(share.name)));
  }
  for (const { name, uid } of askers) {
    if (!settled.has(name)) settled.set(name, { name, uid, version: 0, ranges: [] });
  }
  // Those whose pods wait come before those that keep addresses for pods to come.
  give(settled, askers, { room, kept, most: ({ wanted, used }) => Math.min(wanted, used) });
  give(settled, askers, { room, kept, most: ({ wanted }) => wanted });
  return settled;
}

/** How many addresses a node has, less those that it gives back. */
export function heldBy(share: Share | undefined, asker: Asker): number {
  if (share?.uid !== asker.uid) return 0;
  return Number(countOf(withoutRanges(share.ranges, asker.returned)));
}

function withoutWithdrawn(share: Share, asker: Asker | undefined): Share {
  if (asker?.uid !== share.uid || asker.toldVersion <= share.version) return share;
  return { ...share, version: asker.toldVersion, ranges: common(share.ranges, asker.told) };
}

interface Giving {
  readonly room: Room;
  readonly kept: () => readonly AddressRange[];
  readonly most: (asker: Asker) => number;
}

function give(shares: Map<string, Share>, askers: readonly Asker[], { room, kept, most }: Giving): void {
  let left: readonly AddressRange[] | undefined;
  for (const asker of askers) {
    const share = shares.get(asker.name);
    const count = most(asker) - heldBy(share, asker);
    if (share?.uid !== asker.uid || count <= 0) continue;
    left ??= free(room.ranges, kept(), ...Array.from(shares.values(), ({ ranges }) => ranges));
    const given = pick(left, { count, piece: room.piece, order: room.order });
    if (given.length === 0) continue;
    left = withoutRanges(left, given);
    const ranges = joinRanges([...share.ranges, ...given]);
    shares.set(asker.name, { ...share, version: share.version + 1, ranges });
  }
}
