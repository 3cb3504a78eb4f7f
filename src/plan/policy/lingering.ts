import type { Lingering } from '../elements/ledger.ts';
import type { NftValue } from '../../kernel/nft/port.ts';
import { isolatedChain, tieredChain } from './skeleton.ts';

/** Who owns the elements of a row in the ledger of a policy table. */
export const rowOwner = (row: NftValue | undefined): string => `row ${row}`;

/** Entries of the pods of a node, by the chain that looks them up: with a class of peers in their keys, or without. */
const byChain = {
  [isolatedChain.ingress]: ['ingress-classes', 'ingress-anywhere'],
  [isolatedChain.egress]: ['egress-classes', 'egress-anywhere'],
  [tieredChain.ingress]: ['ingress-rows', 'ingress-otherwise'],
  [tieredChain.egress]: ['egress-rows', 'egress-otherwise'],
} as const;

const chainOfSet = new Map(
  Object.entries(byChain).flatMap(([chain, sets]) => sets.map((set) => [set as string, chain] as const)),
);

/** Sets of what port groups and rows hold. */
const isNumbered = (set: string): boolean => set === 'ports' || set === 'port-ranges' || set === 'rows';

/**
 * What stays in a policy table for one transaction after nobody wants it, so that a packet between two look-ups finds
 * where the first led. Numbers of port groups and rows never mean anything else, so that their elements may always stay;
 * what is open to a class may stay where no pod is in it any more, and what is open to a pod of the node where its look-ups
 * no longer lead there. Everything else that is closed is closed at once.
 */
export function policyLingering(isEmpty: (peerClass: NftValue | undefined) => boolean): Lingering {
  return {
    mayLinger: (set) => isNumbered(set) || set === 'row-addresses' || chainOfSet.has(set),
    goesAhead(set) {
      if (isNumbered(set) || set.endsWith('-ranges')) return 2;
      return set.endsWith('-rows') ? 1 : 0;
    },
    isHarmless({ set, key: [first, second] }, ledger) {
      if (isNumbered(set)) return true;
      if (set === 'row-addresses') return ledger.owned(rowOwner(first)).length === 0;
      const chain = chainOfSet.get(set);
      const direction = set.startsWith('ingress') ? 'ingress' : 'egress';
      const value = ledger.at(direction, { key: first === undefined ? [] : [first] })?.value;
      const isLookedUp = value !== undefined && 'verdict' in value && value.chain === chain;
      return !isLookedUp || (second !== undefined && isEmpty(second));
    },
  };
}

/** How many peers are in each class. */
interface ClassCount {
  /** Class 0 is none. */
  set(key: string, peerClass: number): void;
  readonly isEmpty: (peerClass: NftValue | undefined) => boolean;
}

export function createClassCount(): ClassCount {
  const classes = new Map<string, number>();
  const counts = new Map<number, number>();
  const add = (peerClass: number, by: number): void => {
    const count = (counts.get(peerClass) ?? 0) + by;
    if (count === 0) counts.delete(peerClass);
    else counts.set(peerClass, count);
  };
  return {
    set(key, peerClass) {
      const before = classes.get(key) ?? 0;
      if (before === peerClass) return;
      if (before !== 0) add(before, -1);
      if (peerClass === 0) classes.delete(key);
      else {
        add(peerClass, 1);
        classes.set(key, peerClass);
      }
    },
    isEmpty: (peerClass) => !counts.has(Number(peerClass)),
  };
}
