import { hash32 } from '../../lib/hash.ts';
import { portSetKey, type PortSet } from '../../model/policy/port-set.ts';
import { stemKey, type RowStem } from '../../model/policy/rows.ts';
import { createIds } from '../services/ids.ts';
import { allPorts } from './skeleton.ts';

/**
 * Numbers by which the rules look up what policies say. What a number means it means as long as a packet may carry it, also
 * where a process that starts again takes over the tables of the one before.
 */
export interface PolicyNumbers {
  /** Of a set of ports: equal for equal sets. */
  groupOf(ports: PortSet): number;
  /** Of a row. Equal stems of rows of one model are one object, and so have one number. */
  rowOf(stem: RowStem): number;
  /** Of a peer class of the model; 0 for class 0. */
  classOf(peerClass: number): number;
}

/** Port groups and rows are numbered by what they say; classes are called as in the model. */
export function createPolicyNumbers(): PolicyNumbers {
  const groups = createIds([allPorts]);
  return {
    groupOf: (ports) => (ports === 'all' ? allPorts : groups.of(portSetKey(ports))),
    rowOf: createRowNumbers(),
    classOf: (peerClass) => peerClass,
  };
}

/** As `createIds`, but stems may be long and come and go: nothing is kept of those that nobody has any more. */
function createRowNumbers(): (stem: RowStem) => number {
  const numbers = new WeakMap<RowStem, number>();
  const holders = new Map<number, WeakRef<RowStem>>();
  const isTaken = (number: number): boolean => number === 0 || holders.get(number)?.deref() !== undefined;
  const forgotten = new FinalizationRegistry<number>((number) => {
    // It may be a successor's by now.
    if (!isTaken(number)) holders.delete(number);
  });
  return (stem) => {
    const known = numbers.get(stem);
    if (known !== undefined) return known;
    let number = hash32(stemKey(stem));
    while (isTaken(number)) number = (number + 1) >>> 0;
    numbers.set(stem, number);
    holders.set(number, new WeakRef(stem));
    forgotten.register(stem, number);
    return number;
  };
}

/** A peer in a table that an earlier process left: its number there, and the class of the pod that it is now, if any. */
export interface FoundPeer {
  readonly number: number;
  readonly peerClass: number;
}

/**
 * What a table's classes are called. A class is whom the selectors in use do not tell apart, and keeps its number while
 * selectors come and go: no hash can give it again. So it is called what most of its pods are called in the table already,
 * unless others are called so, too, that are in another class now; all the rest get numbers that nobody had.
 */
export function createClassNumbers(found: Iterable<FoundPeer>): PolicyNumbers['classOf'] {
  const numbers = new Map<number, number>();
  const votes = new Map<number, number>();
  let highest = 0;
  for (const [number, classes] of classesByNumber(found)) {
    highest = Math.max(highest, number);
    const [only, ...others] = classes;
    if (only === undefined || others.length > 0) continue;
    const [peerClass, count] = only;
    if ((votes.get(peerClass) ?? 0) >= count) continue;
    votes.set(peerClass, count);
    numbers.set(peerClass, number);
  }
  return (peerClass) => (peerClass === 0 ? 0 : (numbers.get(peerClass) ?? highest + peerClass));
}

/** How many of each class have a number, by the number; whoever is in no class does not count. */
function classesByNumber(found: Iterable<FoundPeer>): Map<number, Map<number, number>> {
  const counts = new Map<number, Map<number, number>>();
  for (const { number, peerClass } of found) {
    const classes = counts.get(number) ?? new Map<number, number>();
    counts.set(number, classes);
    if (peerClass !== 0) classes.set(peerClass, (classes.get(peerClass) ?? 0) + 1);
  }
  return counts;
}
