import type { NftElementChange, NftElement, NftFamily, NftSetType } from '../../kernel/nft/port.ts';
import {
  byId,
  differenceOf,
  idIn,
  isSameValue,
  type ElementsById,
  type PlannedElement,
} from './planned-elements.ts';

/** Sets and maps of one nftables table, by name. */
export type SetTypes = Readonly<Record<string, NftSetType>>;

interface Claim {
  readonly owner: string;
  readonly element: PlannedElement;
}

/** Most elements have one owner, and its claim alone costs the least. */
type Claims = Claim | readonly Claim[];

interface LedgerSet {
  readonly type: NftSetType;
  /** By id. */
  readonly claims: Map<string, Claims>;
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
    const before = this.#owned.get(owner) ?? nothing;
    // Of a large owner most stays: that must cost next to nothing.
    const { gone, changed } = differenceOf(before, wanted);
    const changes: Changes = { deletions: [], additions: [] };
    for (const id of gone) {
      const set = before.get(id)?.set;
      if (set !== undefined) this.#claim(set, id, without(this.#claimsOf(set, id), owner), changes);
    }
    for (const [id, element] of changed) {
      const claims = withClaim(this.#claimsOf(element.set, id), { owner, element });
      this.#claim(element.set, id, claims, changes);
    }
    if (wanted.size === 0) this.#owned.delete(owner);
    else this.#owned.set(owner, wanted);
    return joined(changes);
  }

  /** What `owner` claims now, by id. */
  owned(owner: string): ElementsById {
    return this.#owned.get(owner) ?? nothing;
  }

  /** The effective elements of one set. */
  *elements(set: string): Iterable<PlannedElement> {
    for (const [, element] of this.#winners(set)) yield element;
  }

  /** Those of a kernel's actual elements of a set that nobody claims, whatever their values. */
  *unclaimed(set: string, actual: Iterable<NftElement>): Iterable<PlannedElement> {
    const { claims } = this.#set(set);
    for (const element of actual) if (!claims.has(idIn(set, element))) yield { ...element, set };
  }

  /** What turns a kernel's actual elements of a set into the desired ones: for start, and after drift. */
  repair(set: string, actual: Iterable<NftElement>): NftElementChange[] {
    const present = new Map<string, PlannedElement>();
    for (const element of actual) present.set(idIn(set, element), { ...element, set });
    const changes: Changes = { deletions: [], additions: [] };
    for (const [id, element] of this.#winners(set)) {
      const found = present.get(id);
      present.delete(id);
      this.#replace(set, found, element, changes);
    }
    for (const element of present.values()) this.#replace(set, element, undefined, changes);
    return joined(changes);
  }

  *#winners(set: string): Iterable<readonly [id: string, element: PlannedElement]> {
    for (const [id, claims] of this.#sets.get(set)?.claims ?? []) {
      const element = winnerOf(claims);
      if (element !== undefined) yield [id, element];
    }
  }

  #claimsOf(set: string, id: string): Claims | undefined {
    return this.#sets.get(set)?.claims.get(id);
  }

  /** Writes down who claims an element from now on, and what that changes. */
  #claim(set: string, id: string, claims: Claims | undefined, changes: Changes): void {
    const known = this.#set(set).claims;
    const before = winnerOf(known.get(id));
    if (claims === undefined) known.delete(id);
    else known.set(id, claims);
    this.#replace(set, before, winnerOf(claims), changes);
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
    const set: LedgerSet = { type, claims: new Map() };
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

const listOf = (claims: Claims | undefined): readonly Claim[] =>
  claims === undefined ? [] : 'owner' in claims ? [claims] : claims;

function without(claims: Claims | undefined, owner: string): Claims | undefined {
  const [first, ...rest] = listOf(claims).filter((claim) => claim.owner !== owner);
  return first === undefined || rest.length === 0 ? first : [first, ...rest];
}

function withClaim(claims: Claims | undefined, claim: Claim): Claims {
  const others = claims === undefined ? undefined : without(claims, claim.owner);
  return others === undefined ? claim : [...listOf(others), claim];
}

function winnerOf(claims: Claims | undefined): PlannedElement | undefined {
  if (claims === undefined) return undefined;
  if ('owner' in claims) return claims.element;
  let [first] = claims;
  for (const claim of claims) if (first === undefined || claim.owner < first.owner) first = claim;
  return first?.element;
}

const nothing: ElementsById = new Map();
