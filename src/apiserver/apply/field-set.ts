import { isObject } from '../json.ts';

/**
 * A set of paths in an object, as a tree. A key of `children` is a path element as FieldsV1 writes it: `f:NAME` a
 * field, `k:{...}` the item of a list with these keys, `v:VALUE` the item of a set. `member` says whether the path
 * up to here is itself in the set. Never modified once it left the function that made it.
 */
export interface FieldSet {
  readonly member: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

const noChildren: ReadonlyMap<string, FieldSet> = new Map();

export const noFields: FieldSet = { member: false, children: noChildren };

/** Only the path that leads to it. */
export const itself: FieldSet = { member: true, children: noChildren };

export function isEmpty(set: FieldSet): boolean {
  return !set.member && set.children.size === 0;
}

/** A set of these children; those that are empty are left out. */
export function fieldSet(member: boolean, children: Iterable<readonly [string, FieldSet]>): FieldSet {
  const kept = new Map<string, FieldSet>();
  for (const [element, child] of children) if (!isEmpty(child)) kept.set(element, child);
  if (kept.size === 0) return member ? itself : noFields;
  return { member, children: kept };
}

export function union(one: FieldSet, other: FieldSet): FieldSet {
  if (one === other || isEmpty(other)) return one;
  if (isEmpty(one)) return other;
  const children = new Map(one.children);
  for (const [element, child] of other.children) {
    const known = children.get(element);
    children.set(element, known === undefined ? child : union(known, child));
  }
  return { member: one.member || other.member, children };
}

/** The paths of `one` that are not in `other`; a path that is in `other` takes nothing below it along. */
export function difference(one: FieldSet, other: FieldSet): FieldSet {
  if (isEmpty(one) || isEmpty(other)) return one;
  return fieldSet(
    one.member && !other.member,
    Array.from(one.children, ([element, child]) => [
      element,
      difference(child, other.children.get(element) ?? noFields),
    ]),
  );
}

export function intersection(one: FieldSet, other: FieldSet): FieldSet {
  if (isEmpty(one) || isEmpty(other)) return noFields;
  return fieldSet(
    one.member && other.member,
    Array.from(one.children, ([element, child]) => [
      element,
      intersection(child, other.children.get(element) ?? noFields),
    ]),
  );
}

/**
 * With every named field on the way to a path: a struct's field is there as long as something in it is. Items of
 * lists are not: whoever owns only a field of an item does not keep the item.
 */
export function withNamedFields(set: FieldSet): FieldSet {
  return {
    member: set.member,
    children: new Map(
      Array.from(set.children, ([element, child]) => {
        const inner = withNamedFields(child);
        return [element, element.startsWith('f:') ? { ...inner, member: true } : inner];
      }),
    ),
  };
}

/** Every path of the set, as its elements, in their order. */
export function* pathsOf(set: FieldSet, prefix: readonly string[] = []): Generator<readonly string[]> {
  if (set.member) yield prefix;
  for (const [element, child] of sorted(set)) yield* pathsOf(child, [...prefix, element]);
}

/** As `managedFields` hold it (meta/v1 FieldsV1). */
export function toFieldsV1(set: FieldSet): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  if (set.member && set.children.size > 0) fields['.'] = {};
  for (const [element, child] of sorted(set)) fields[element] = toFieldsV1(child);
  return fields;
}

function sorted(set: FieldSet): [string, FieldSet][] {
  return [...set.children].sort(([one], [other]) => (one < other ? -1 : 1));
}

/** Undefined for what is not FieldsV1. Nesting is bounded by the body's. */
export function fromFieldsV1(fields: unknown): FieldSet | undefined {
  const set = isObject(fields) ? readFields(fields) : undefined;
  return set === undefined ? undefined : { ...set, member: false };
}

function readFields(fields: Record<string, unknown>): FieldSet | undefined {
  const children = new Map<string, FieldSet>();
  for (const [element, inner] of Object.entries(fields)) {
    if (element === '.') continue;
    const child = isObject(inner) && isElement(element) ? readFields(inner) : undefined;
    if (child === undefined) return undefined;
    children.set(element, child);
  }
  return { member: children.size === 0 || Object.hasOwn(fields, '.'), children };
}

/** `i:` is an index, which no list of the API's types is addressed by; it is kept as it is. */
function isElement(element: string): boolean {
  if (element.startsWith('f:')) return true;
  if (!/^[kvi]:/.test(element)) return false;
  try {
    JSON.parse(element.slice(2));
    return true;
  } catch {
    return false;
  }
}
