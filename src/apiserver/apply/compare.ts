import type { Shape } from '../../api/schema/lists.ts';
import { isObject, sameJson, type Json } from '../json.ts';
import { fieldSet, itself, noFields, union, type FieldSet } from './field-set.ts';
import { ownedFields } from './owned.ts';
import { partsOf, type Part } from './parts.ts';

/** What differs between two values, by path. */
export interface Difference {
  /** Added to, or different in, the second. */
  readonly changed: FieldSet;
  /** Only in the first, with every path below. */
  readonly removed: FieldSet;
}

const same: Difference = { changed: noFields, removed: noFields };

/**
 * Compares part by part. Filling something empty, or emptying it, changes its parts and not itself. What is the
 * same, as most of an object is with most writes, is not taken apart: naming the parts costs far more than looking.
 */
export function compareFields(before: Json, after: Json, shape: Shape): Difference {
  if (sameJson(before, after)) return same;
  const [old, now] = [partsOf(before, shape), partsOf(after, shape)];
  if (old !== undefined && now !== undefined) return compareParts(old, now);
  if (old === undefined && now === undefined) {
    return { changed: itself, removed: noFields };
  }
  const changed = now === undefined ? noFields : ownedFields(after, shape);
  const removed = old === undefined ? noFields : { ...everything(before, shape), member: false };
  const wasOrIsWhole = !(old === undefined ? isEmptyValue(before) : isEmptyValue(after));
  return { changed: wasOrIsWhole ? union(itself, changed) : changed, removed };
}

function isEmptyValue(value: Json): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

function compareParts(old: readonly Part[], now: readonly Part[]): Difference {
  const before = new Map(old.map((part) => [part.element, part]));
  const changed: [string, FieldSet][] = [];
  const removed: [string, FieldSet][] = [];
  for (const part of now) {
    const known = before.get(part.element);
    before.delete(part.element);
    if (known === undefined) changed.push([part.element, added(part)]);
    else if (known.value !== part.value) {
      const inner = compareFields(known.value, part.value, part.shape);
      changed.push([part.element, inner.changed]);
      removed.push([part.element, inner.removed]);
    }
  }
  for (const part of before.values()) removed.push([part.element, everything(part.value, part.shape)]);
  return { changed: fieldSet(false, changed), removed: fieldSet(false, removed) };
}

/** Items and keys are owned themselves; fields of structs only through what they hold. */
function added({ element, value, shape }: Part): FieldSet {
  const inner = ownedFields(value, shape);
  return element.startsWith('f:') ? inner : { ...inner, member: true };
}

/** Every path of a value, those that lead to others included. */
export function everything(value: Json, shape: Shape): FieldSet {
  const parts = partsOf(value, shape);
  if (parts === undefined) return itself;
  return fieldSet(
    true,
    parts.map((part) => [part.element, everything(part.value, part.shape)]),
  );
}
