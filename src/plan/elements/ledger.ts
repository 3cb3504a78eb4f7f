import type { NftElementChange, NftElement, NftFamily, NftSetType, NftValue } from '../../kernel/nft/port.ts';
import { LayeredMap } from '../../lib/layered-map.ts';
import { winnerOf, withClaim, without, type Claim, type Claims } from './claims.ts';
import type { CommonClaims } from './common-claims.ts';
import { differenceOf, idOf, isSameValue, type PlannedElement } from './planned-elements.ts';

/** Sets and maps of one nftables table, by name. */
export type SetTypes = Readonly<Record<string, NftSetType>>;

/**
 * A packet that is on its way through the rules looks up one set after the other, and a transaction may be committed in
 * between: what it found in the first, as it was, leads to nothing in the second, as it is. So an element that is only
 * looked up by what others say stays for one transaction after nobody wants it any more, where nothing new leads to it.
 */
export interface Lingering {
  /** Whether any elements of the set linger. */
  mayLinger(set: string): boolean;
  /**
   * By how many transactions what is added to the set goes ahead of the rest. Sets of ranges of several fields have what
   * is new a moment later than all others (the kernel exchanges them as a whole, at the end of a commit), so what leads
   * there must follow; and what is said of somebody must be there before what holds for whoever nothing is said of.
   */
  goesAhead(set: string): number;
  /** Whether what is there without the element, `ledger`, means the same with it. */
  isHarmless(element: PlannedElement, ledger: Pick<ElementLedger, 'at' | 'owned'>): boolean;
}

const nothingLingers: Lingering = {
  mayLinger: () => false,
  goesAhead: () => 0,
  isHarmless: () => false,
};

/** Behind all names of owners: what somebody wants comes first. */
const nobody = '\uffff lingering';

interface LedgerSet {
  readonly type: NftSetType;
  /** By id. */
  readonly claims: LayeredMap<NftValue, Claims>;
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
  readonly #sets = new Map<string, LedgerSet>();
  readonly #owned = new Map<string, readonly PlannedElement[]>();
  readonly #lingering: Lingering;
  /** What nobody owns any more and lingers: since the last `release`, and since the one before. */
  #left: PlannedElement[] = [];
  #leaving: PlannedElement[] = [];

  constructor(
    table: { readonly family: NftFamily; readonly table: string },
    types: SetTypes,
    lingering = nothingLingers,
  ) {
    this.#table = table;
    this.#types = types;
    this.#lingering = lingering;
  }

  /**
   * Replaces what `owner` claims; none withdraws it. Returns what must change in the kernel. Changes of several
   * calls make one transaction when they are sent in the order of the calls.
   */
  set(owner: string, elements: readonly PlannedElement[]): NftElementChange[] {
    // Of a large owner most stays: that must cost next to nothing.
    const { gone, changed } = differenceOf(this.owned(owner), elements);
    const changes: Changes = { deletions: [], additions: [] };
    for (const element of gone) this.#withdraw(owner, element, changes);
    for (const element of changed) this.#claim({ owner, element }, changes);
    if (elements.length === 0) this.#owned.delete(owner);
    else this.#owned.set(owner, elements);
    return joined(changes);
  }

  /**
   * As `set` with what each owner of `common` claims there; they claim nothing yet. Where nobody claims anything of the same
   * sets, that costs next to nothing, and what is returned is the same array for every ledger.
   */
  takeOver({ owned, sets, additions }: CommonClaims): readonly NftElementChange[] {
    const isApart = sets.keys().every((name) => this.#sets.get(name)?.claims.isEmpty !== false);
    if (!isApart) return [...owned].flatMap(([owner, elements]) => this.set(owner, elements));
    for (const [name, { type, claims }] of sets)
      this.#sets.set(name, { type, claims: new LayeredMap(claims) });
    for (const [owner, elements] of owned) this.#owned.set(owner, elements);
    return additions;
  }

  /**
   * To be called once for each transaction, when everything that it changes was set. Returns what is deleted beside that:
   * what lingered since the transaction before, and what may not linger after this one. Send it before the rest.
   */
  release(): readonly NftElementChange[] {
    const changes: Changes = { deletions: [], additions: [] };
    for (const element of this.#leaving) this.#withdraw(nobody, element, changes);
    this.#leaving = this.#left.filter(
      (element) => this.at(element.set, element) === element && this.#lingering.isHarmless(element, this),
    );
    const staying = new Set(this.#leaving);
    for (const element of this.#left) if (!staying.has(element)) this.#withdraw(nobody, element, changes);
    this.#left = [];
    return joined(changes);
  }

  /** Whether something lingers that the next `release` takes away. */
  get isLingering(): boolean {
    return this.#leaving.length > 0;
  }

  /** The effective element of a set that has this key. */
  at(set: string, { key, keyEnd }: Pick<NftElement, 'key' | 'keyEnd'>): PlannedElement | undefined {
    const id = idOf({ key, ...(keyEnd !== undefined && { keyEnd }) });
    return winnerOf(this.#sets.get(set)?.claims.get(id));
  }

  /** What `owner` claims now. */
  owned(owner: string): readonly PlannedElement[] {
    return this.#owned.get(owner) ?? nothing;
  }

  /** The effective elements of one set. */
  *elements(set: string): Iterable<PlannedElement> {
    for (const [, element] of this.#winners(set)) yield element;
  }

  /** Those of a kernel's actual elements of a set that nobody claims, whatever their values. */
  *unclaimed(set: string, actual: Iterable<NftElement>): Iterable<PlannedElement> {
    const { claims } = this.#set(set);
    for (const element of actual) if (claims.get(idOf(element)) === undefined) yield { ...element, set };
  }

  /** What turns a kernel's actual elements of a set into the desired ones: for start, and after drift. */
  repair(set: string, actual: Iterable<NftElement>): NftElementChange[] {
    const present = new Map<NftValue, PlannedElement>();
    for (const element of actual) present.set(idOf(element), { ...element, set });
    const changes: Changes = { deletions: [], additions: [] };
    for (const [id, element] of this.#winners(set)) {
      const found = present.get(id);
      present.delete(id);
      this.#replace(set, found, element, changes);
    }
    for (const element of present.values()) this.#replace(set, element, undefined, changes);
    return joined(changes);
  }

  *#winners(set: string): Iterable<readonly [id: NftValue, element: PlannedElement]> {
    for (const [id, claims] of this.#sets.get(set)?.claims.entries() ?? []) {
      const element = winnerOf(claims);
      if (element !== undefined) yield [id, element];
    }
  }

  /** Writes down a claim that is new or another one than before, and what that changes. */
  #claim(claim: Claim, changes: Changes): void {
    const { set } = claim.element;
    const [{ claims }, id] = [this.#set(set), idOf(claim.element)];
    const before = claims.get(id);
    const after = withClaim(before, claim);
    claims.set(id, after);
    this.#replace(set, winnerOf(before), winnerOf(after), changes);
  }

  #withdraw(owner: string, element: PlannedElement, changes: Changes): void {
    const { set } = element;
    const [{ claims }, id] = [this.#set(set), idOf(element)];
    const before = claims.get(id);
    const after = without(before, owner) ?? this.#lingerer(owner, winnerOf(before));
    if (after === undefined) claims.delete(id);
    else claims.set(id, after);
    this.#replace(set, winnerOf(before), winnerOf(after), changes);
  }

  /** The claim of an element that lingers when its last owner lets go of it. */
  #lingerer(owner: string, element: PlannedElement | undefined): Claim | undefined {
    if (owner === nobody || element === undefined || !this.#lingering.mayLinger(element.set))
      return undefined;
    this.#left.push(element);
    return { owner: nobody, element };
  }

  /** The element stays the same object, by which the kernel's room knows that it has encoded it before. */
  #replace(
    set: string,
    before: PlannedElement | undefined,
    after: PlannedElement | undefined,
    { deletions, additions }: Changes,
  ): void {
    if (before !== undefined && after !== undefined && isSameValue(before, after)) return;
    const { family, table } = this.#table;
    const { type } = this.#set(set);
    if (before !== undefined) deletions.push({ action: 'delete', family, table, set, type, element: before });
    if (after !== undefined) additions.push({ action: 'add', family, table, set, type, element: after });
  }

  #set(name: string): LedgerSet {
    const known = this.#sets.get(name);
    if (known !== undefined) return known;
    const type = this.#types[name];
    if (type === undefined) throw new Error(`table ${this.#table.table} has no set ${name}`);
    const set: LedgerSet = { type, claims: new LayeredMap() };
    this.#sets.set(name, set);
    return set;
  }
}

interface Changes {
  readonly deletions: NftElementChange[];
  readonly additions: NftElementChange[];
}

function joined({ deletions, additions }: Changes): NftElementChange[] {
  if (deletions.length === 0) return additions;
  deletions.push(...additions);
  return deletions;
}

const nothing: readonly PlannedElement[] = [];
