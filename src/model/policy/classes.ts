import type { Identity, PeerClass, Trait } from './state.ts';

/** The peer classes: one per set of marks that an identity has, and none for identities without marks. */
export interface Classes {
  /** Puts identities whose marks changed into the classes where they belong now. */
  reclassify(identities: Iterable<Identity>): ClassChanges;
}

interface ClassChanges {
  /** Identities whose class number changed. */
  readonly moved: ReadonlySet<Identity>;
  /** Traits that other classes have now than before. */
  readonly traits: ReadonlySet<Trait>;
}

type Marks = ReadonlyMap<Trait, number>;

const noMarks: Marks = new Map();

export function createClasses(): Classes {
  const bySignature = new Map<string, PeerClass>();
  let lastNumber = 0;

  function join(identity: Identity, changed: Set<Trait>): void {
    const signature = signatureOf(identity.marks);
    if (signature === '') return;
    let peerClass = bySignature.get(signature);
    if (peerClass === undefined) {
      peerClass = { number: ++lastNumber, signature, marks: noMarks, members: new Set() };
      bySignature.set(signature, peerClass);
      setMarks(peerClass, new Map(identity.marks), changed);
    }
    peerClass.members.add(identity);
    identity.peerClass = peerClass;
  }

  function leave(identity: Identity, peerClass: PeerClass, changed: Set<Trait>): void {
    identity.peerClass = undefined;
    peerClass.members.delete(identity);
    if (peerClass.members.size > 0) return;
    bySignature.delete(peerClass.signature);
    setMarks(peerClass, noMarks, changed);
  }

  /**
   * When all members of a class go the same way and nobody is there yet, the class itself goes and keeps its
   * number: a new selector that does not tell them apart costs nothing where numbers are stored.
   */
  function moveWhole(peerClass: PeerClass, leavers: readonly Identity[], changed: Set<Trait>): boolean {
    const [signature, ...others] = new Set(leavers.map(({ marks }) => signatureOf(marks)));
    if (leavers.length < peerClass.members.size || others.length > 0) return false;
    if (signature === undefined || signature === '' || bySignature.has(signature)) return false;
    bySignature.delete(peerClass.signature);
    bySignature.set(signature, peerClass);
    peerClass.signature = signature;
    setMarks(peerClass, new Map(leavers[0]?.marks), changed);
    return true;
  }

  return {
    reclassify(identities) {
      const moved = new Set<Identity>();
      const traits = new Set<Trait>();
      for (const [peerClass, leavers] of leaversByClass(identities)) {
        if (peerClass !== undefined && moveWhole(peerClass, leavers, traits)) continue;
        for (const identity of leavers) {
          if (peerClass !== undefined) leave(identity, peerClass, traits);
          join(identity, traits);
          if (identity.peerClass !== peerClass) moved.add(identity);
        }
      }
      return { moved, traits };
    },
  };
}

/** Identities that no longer belong in the class they are in, by that class. */
function leaversByClass(identities: Iterable<Identity>): Map<PeerClass | undefined, Identity[]> {
  const leavers = new Map<PeerClass | undefined, Identity[]>();
  for (const identity of identities) {
    const { peerClass } = identity;
    if (signatureOf(identity.marks) === (peerClass?.signature ?? '')) continue;
    const group = leavers.get(peerClass);
    if (group === undefined) leavers.set(peerClass, [identity]);
    else group.push(identity);
  }
  return leavers;
}

/** Equal exactly for equal marks; empty for none. */
function signatureOf(marks: Marks): string {
  return [...marks]
    .sort(([a], [b]) => a.id - b.id)
    .map(([{ id }, value]) => `${id}=${value}`)
    .join();
}

/** Gives a class its marks, and notes the traits for which that changes anything. */
function setMarks(peerClass: PeerClass, marks: Marks, changed: Set<Trait>): void {
  for (const trait of peerClass.marks.keys()) {
    if (marks.has(trait)) continue;
    trait.classes.delete(peerClass);
    changed.add(trait);
  }
  for (const trait of marks.keys()) {
    // An identity never changes the number of a port it names, so a class never does.
    if (peerClass.marks.has(trait)) continue;
    trait.classes.add(peerClass);
    changed.add(trait);
  }
  peerClass.marks = marks;
}
