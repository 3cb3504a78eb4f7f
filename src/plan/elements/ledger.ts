import type { NftElement, NftElementChange, NftFamily, NftSetType } from '../../kernel/nft/port.ts';

/** Sets and maps of one nftables table, by name. */
export type SetTypes = Readonly<Record<string, NftSetType>>;

/** An element and the set it belongs in. */
export interface PlannedElement extends NftElement {
  readonly set: string;
}

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
  readonly #owned = new Map<string, readonly string[]>();

  constructor(table: { readonly family: NftFamily; readonly table: string }, types: SetTypes) {
    this.#table = table;
    this.#types = types;
  }

  /**
   * Replaces what `owner` claims; none withdraws it. Returns what must change in the kernel. Changes of several
   * calls make one transaction when they are sent in the order of the calls.
   */
  set(owner: string, elements: readonly PlannedElement[]): NftElementChange[] {
    const wanted = new Map(elements.map((element) => [idOf(element), element]));
    const touched = new Map<string, PlannedElement | undefined>();
    const claim = (id: string, element: PlannedElement | undefined): void => {
      touched.set(id, this.#winner(id));
      this.#claim(owner, id, element);
    };
    for (const id of this.#owned.get(owner) ?? []) if (!wanted.has(id)) claim(id, undefined);
    for (const [id, element] of wanted) {
      // Of a large owner most stays: that must cost next to nothing.
      const mine = this.#claimsOf(id).find((other) => other.owner === owner);
      if (mine === undefined || !isSameValue(mine.element, element)) claim(id, element);
    }
    if (wanted.size === 0) this.#owned.delete(owner);
    else this.#owned.set(owner, [...wanted.keys()]);
    return this.#changes(touched);
  }

  /** The effective elements of one set. */
  *elements(set: string): Iterable<NftElement> {
    for (const claims of this.#claims.get(set)?.values() ?? []) {
      const element = winnerOf(claims);
      if (element !== undefined) yield element;
    }
  }

  /** What turns a kernel's actual elements of a set into the desired ones: for start, and after drift. */
  repair(set: string, actual: Iterable<NftElement>): NftElementChange[] {
    const present = new Map([...actual].map((element) => [idOf({ ...element, set }), { ...element, set }]));
    const deletions: NftElementChange[] = [];
    const additions: NftElementChange[] = [];
    for (const element of this.elements(set)) {
      const id = idOf({ ...element, set });
      const found = present.get(id);
      present.delete(id);
      if (found !== undefined && isSameValue(found, element)) continue;
      if (found !== undefined) deletions.push(this.#change('delete', found));
      additions.push(this.#change('add', { ...element, set }));
    }
    for (const element of present.values()) deletions.push(this.#change('delete', element));
    return [...deletions, ...additions];
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

  #change(action: 'add' | 'delete', { set, ...element }: PlannedElement): NftElementChange {
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

/** Names of sets have no spaces. */
const setOf = (id: string): string => id.slice(0, id.indexOf(' '));

function idOf(element: PlannedElement): string {
  const key = element.key.join(' . ');
  const end = element.keyEnd?.join(' . ') ?? key;
  // A range of one is the same element whether or not its end is spelled out.
  return end === key ? `${element.set} ${key}` : `${element.set} ${key} - ${end}`;
}

function valueOf(element: NftElement): string {
  const { value } = element;
  if (value === undefined) return '';
  return 'verdict' in value ? `${value.verdict} ${value.chain ?? ''}` : value.join(' . ');
}

function isSameValue(a: NftElement, b: NftElement): boolean {
  return a === b || valueOf(a) === valueOf(b);
}
