import type { NftElement } from '../../kernel/nft/port.ts';

/** An element and the set it belongs in. */
export interface PlannedElement extends NftElement {
  readonly set: string;
}

/** By id: what tells an element from all others of a table. */
export type ElementsById = ReadonlyMap<string, PlannedElement>;

/** What turns the elements that an owner had into those that it wants. */
export interface ElementsDifference {
  readonly gone: readonly string[];
  /** New, or with another value. */
  readonly changed: readonly (readonly [id: string, element: PlannedElement])[];
}

/** Shorter lists are compared sooner than what was found is remembered. */
const longEnough = 5;

/** By their ids. Nodes that are given the same list share the result. */
export function byId(elements: readonly PlannedElement[]): ElementsById {
  const known = indexed.get(elements);
  if (known !== undefined) return known;
  const index = new Map(elements.map((element) => [idIn(element.set, element), element]));
  if (elements.length >= longEnough) indexed.set(elements, index);
  return index;
}

const indexed = new WeakMap<readonly PlannedElement[], ElementsById>();

/** Compared once for all nodes that go from the one to the other, which one after the other do. */
export function differenceOf(before: ElementsById, after: ElementsById): ElementsDifference {
  if (after.size < longEnough) return compare(before, after);
  const known = compared.get(after);
  if (known?.before.deref() === before) return known.difference;
  const difference = compare(before, after);
  compared.set(after, { before: new WeakRef(before), difference });
  return difference;
}

/** The last one, by what it leads to. */
const compared = new WeakMap<
  ElementsById,
  { readonly before: WeakRef<ElementsById>; readonly difference: ElementsDifference }
>();

function compare(before: ElementsById, after: ElementsById): ElementsDifference {
  const changed = [...after].filter(([id, element]) => {
    const old = before.get(id);
    return old === undefined || !isSameValue(old, element);
  });
  return { gone: [...before.keys()].filter((id) => !after.has(id)), changed };
}

/** The id of an element of this set. Names of sets have no spaces. */
export function idIn(set: string, { key, keyEnd }: NftElement): string {
  const start = key.join(' . ');
  if (keyEnd === undefined) return `${set} ${start}`;
  const end = keyEnd.join(' . ');
  // A range of one is the same element whether or not its end is spelled out.
  return end === start ? `${set} ${start}` : `${set} ${start} - ${end}`;
}

export function isSameValue({ value: a }: NftElement, { value: b }: NftElement): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  if ('verdict' in a) return 'verdict' in b && a.verdict === b.verdict && a.chain === b.chain;
  return !('verdict' in b) && a.length === b.length && a.every((part, index) => part === b[index]);
}
