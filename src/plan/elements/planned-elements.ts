import type { NftElement, NftValue } from '../../kernel/nft/port.ts';

/** An element and the set it belongs in. */
export interface PlannedElement extends NftElement {
  readonly set: string;
}

/** What turns the elements that an owner had into those that it wants. */
export interface ElementsDifference {
  readonly gone: readonly PlannedElement[];
  /** New, or with another value. */
  readonly changed: readonly PlannedElement[];
}

/** Longer lists are compared by an index, which is remembered; of shorter ones that would take longer, and memory. */
const short = 16;

/** Of elements that are the same but for their value the last counts. */
export function differenceOf(
  before: readonly PlannedElement[],
  after: readonly PlannedElement[],
): ElementsDifference {
  if (before === after) return noDifference;
  if (before.length + after.length <= 2 * short) return compareShort(before, after);
  const known = compared.get(after);
  // Once for all nodes that go from the one to the other, which one after the other do.
  if (known?.before.deref() === before) return known.difference;
  const difference = compareLong(byId(before), byId(after));
  compared.set(after, { before: new WeakRef(before), difference });
  return difference;
}

const noDifference: ElementsDifference = { gone: [], changed: [] };

/** The last one, by what it leads to. */
const compared = new WeakMap<
  readonly PlannedElement[],
  { readonly before: WeakRef<readonly PlannedElement[]>; readonly difference: ElementsDifference }
>();

function compareShort(
  before: readonly PlannedElement[],
  after: readonly PlannedElement[],
): ElementsDifference {
  const gone = before.filter((element) => lastLike(element, after) === undefined);
  const changed = after.filter((element) => {
    if (lastLike(element, after) !== element) return false;
    const old = lastLike(element, before);
    return old === undefined || !isSameValue(old, element);
  });
  return { gone, changed };
}

function lastLike(wanted: PlannedElement, elements: readonly PlannedElement[]): PlannedElement | undefined {
  for (let at = elements.length - 1; at >= 0; at--) {
    const element = elements[at];
    if (element === wanted || (element?.set === wanted.set && idOf(element) === idOf(wanted))) return element;
  }
  return undefined;
}

function compareLong(before: ElementsById, after: ElementsById): ElementsDifference {
  const [gone, changed]: [PlannedElement[], PlannedElement[]] = [[], []];
  for (const [id, element] of before) if (!after.has(id)) gone.push(element);
  for (const [id, element] of after) {
    const old = before.get(id);
    if (old === undefined || !isSameValue(old, element)) changed.push(element);
  }
  return { gone, changed };
}

/** What tells an element from all others of its table. Names of sets have no spaces. */
export const placeOf = (element: PlannedElement): string => `${element.set} ${idOf(element)}`;

/** By their places. */
type ElementsById = ReadonlyMap<string, PlannedElement>;

function byId(elements: readonly PlannedElement[]): ElementsById {
  const known = indexed.get(elements);
  if (known !== undefined) return known;
  const index = new Map(elements.map((element) => [placeOf(element), element]));
  indexed.set(elements, index);
  return index;
}

const indexed = new WeakMap<readonly PlannedElement[], ElementsById>();

/** What tells an element from all others of its set. */
export function idOf({ key, keyEnd }: NftElement): NftValue {
  const [only = ''] = key;
  const start = key.length === 1 ? only : key.join(' . ');
  if (keyEnd === undefined) return start;
  const end = keyEnd.join(' . ');
  // A range of one is the same element whether or not its end is spelled out.
  return end === String(start) ? start : `${start} - ${end}`;
}

export function isSameValue({ value: a }: NftElement, { value: b }: NftElement): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  if ('verdict' in a) return 'verdict' in b && a.verdict === b.verdict && a.chain === b.chain;
  return !('verdict' in b) && a.length === b.length && a.every((part, index) => part === b[index]);
}
