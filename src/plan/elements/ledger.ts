import type { NftElementChange, NftElement, NftFamily, NftSetType } from '../../kernel/nft/port.ts';
import {
  byId,
  differenceOf,
  idIn,
  isSameValue,
  setOf,
  type ElementsById,
  type PlannedElement,
} from './planned-elements.ts';

/** Sets and maps of one nftables table, by name. */
export type SetTypes = Readonly<Record<string, NftSetType>>;

interface Claim {
  readonly owner: string;
  readonly element: PlannedElement;
}

/**
 * The desired elements of one nftables table, each claimed by the objects it comes from: the in-memory mirror
 * that changes are computed against, so that the kernel is never listed to find out what to change. An element
 * that several owners claim is there once; it goes with its last owner. Where owners disagree about a map's
 * value, the first in order of owner name wins, whichever came first.
 */
export class ElementLedger {
  readonly #table: { readonly family: NftFamily; readonly table: string };
  readonly #types: SetTypes;
  /** By set, and in it by id. Most elements have one owner, and a list of one costs the least. */
  readonly #claims = new Map<string, Map<string, readonly Claim[]>>();
  readonly #owned = new Map<string, ElementsById>();

  constructor(table: { readonly family: NftFamily; readonly table: string }, types: SetTypes) {
    this.#table = table;
    this.#types = types;
  }

  /**
   * Replaces what `owner` claims; none withdraws it. Returns what must change in the kernel. Changes of several
   * calls make one transaction when they are sent in the order of the calls.
   */
  set(owner: string, elements: readonly PlannedElement[]): NftElementChange[] {
    const wanted = byId(elements);
    // Of a large owner most stays: that must cost next to nothing.
    const { gone, changed } = differenceOf(this.#owned.get(owner) ?? nothing, wanted);
    const touched = new Map<string, PlannedElement | undefined>();
    const claim = (id: string, element: PlannedElement | undefined): void => {
      touched.set(id, this.#winner(id));
      this.#claim(owner, id, element);
    };
    for (const id of gone) claim(id, undefined);
    for (const [id, element] of changed) claim(id, element);
    if (wanted.size === 0) this.#owned.delete(owner);
    else this.#owned.set(owner, wanted);
    return this.#changes(touched);
  }

  /** The effective elements of one set. */
  *elements(set: string): Iterable<PlannedElement> {
    for (const [, element] of this.#winners(set)) yield element;
  }

  /** What turns a kernel's actual elements of a set into the desired ones: for start, and after drift. */
  repair(set: string, actual: Iterable<NftElement>): NftElementChange[] {
    const present = new Map<string, NftElement>();
    for (const element of actual) present.set(idIn(set, element), element);
    const deletions: NftElementChange[] = [];
    const additions: NftElementChange[] = [];
    for (const [id, element] of this.#winners(set)) {
      const found = present.get(id);
      present.delete(id);
      if (found !== undefined && isSameValue(found, element)) continue;
      if (found !== undefined) deletions.push(this.#change('delete', { ...found, set }));
      additions.push(this.#change('add', element));
    }
    for (const element of present.values()) deletions.push(this.#change('delete', { ...element, set }));
    return [...deletions, ...additions];
  }

  *#winners(set: string): Iterable<readonly [id: string, element: PlannedElement]> {
    for (const [id, claims] of this.#claims.get(set) ?? []) {
      const element = winnerOf(claims);
      if (element !== undefined) yield [id, element];
    }
  }

  #claimsOf(id: string): readonly Claim[] {
    return this.#claims.get(setOf(id))?.get(id) ?? [];
  }

  #winner(id: string): PlannedElement | undefined {
    return winnerOf(this.#claimsOf(id));
  }

  #claim(owner: string, id: string, element: PlannedElement | undefined): void {
    const claims = this.#claimsOf(id).filter((other) => other.owner !== owner);
    if (element !== undefined) claims.push({ owner, element });
    const set = setOf(id);
    const claimed = this.#claims.get(set) ?? new Map<string, readonly Claim[]>();
    this.#claims.set(set, claimed);
    if (claims.length === 0) claimed.delete(id);
    else claimed.set(id, claims);
  }

  #changes(before: ReadonlyMap<string, PlannedElement | undefined>): NftElementChange[] {
    const deletions: NftElementChange[] = [];
    const additions: NftElementChange[] = [];
    for (const [id, old] of before) {
      const current = this.#winner(id);
      if (old !== undefined && current !== undefined && isSameValue(old, current)) continue;
      if (old !== undefined) deletions.push(this.#change('delete', old));
      if (current !== undefined) additions.push(this.#change('add', current));
    }
    return [...deletions, ...additions];
  }

  /** The element stays the same object, by which the kernel's room knows that it has encoded it before. */
  #change(action: 'add' | 'delete', element: PlannedElement): NftElementChange {
    const { set } = element;
    const type = this.#types[set];
    if (type === undefined) throw new Error(`table ${this.#table.table} has no set ${set}`);
    return { action, ...this.#table, set, type, element };
  }
}

function winnerOf(claims: readonly Claim[]): PlannedElement | undefined {
  let [first] = claims;
  for (const claim of claims) if (first === undefined || claim.owner < first.owner) first = claim;
  return first?.element;
}

const nothing: ElementsById = new Map();
