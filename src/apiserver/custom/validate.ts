import { duplicate, invalid, required, type FieldProblem } from '../../api/validate/problem.ts';
import { isObject, sameJson } from '../json.ts';
import { childOf, type Junctor, type SchemaNode } from './node.ts';

/** No more problems than anybody reads; the walk ends there. */
const problemLimit = 100;

/** What a change leaves alone may stay as it was, even where the schema has become stricter (KEP-4008). */
export interface Ratchet {
  /** What was there before; undefined where nothing was. */
  readonly before: unknown;
}

/**
 * Everything in which a value breaks its schema, besides rules in CEL. With a ratchet, what did not change is
 * passed over.
 */
export function schemaProblems(value: unknown, node: SchemaNode, ratchet?: Ratchet): FieldProblem[] {
  const problems: FieldProblem[] = [];
  walk({ value, node, path: '', ...(ratchet && { ratchet }) }, problems);
  return problems;
}

interface Place {
  readonly value: unknown;
  readonly node: SchemaNode;
  readonly path: string;
  readonly ratchet?: Ratchet;
}

function walk(place: Place, problems: FieldProblem[]): void {
  const { value, node, path, ratchet } = place;
  if (problems.length >= problemLimit) return;
  if (value === null && node.schema.nullable === true) return;
  if (ratchet !== undefined && ratchet.before !== undefined && sameJson(ratchet.before, value)) return;
  for (const check of node.checks) {
    const problem = check(value, path);
    if (problem !== undefined) problems.push(problem);
  }
  for (const junctor of node.junctors) checkJunctor(junctor, place, problems);
  if (isObject(value)) walkObject(value, place, problems);
  else if (Array.isArray(value)) walkList(value, place, problems);
}

function walkObject(value: Record<string, unknown>, place: Place, problems: FieldProblem[]): void {
  const { node, path } = place;
  for (const field of node.required) {
    if (!Object.hasOwn(value, field)) problems.push(required(fieldPath(path, field)));
  }
  if (node.properties.size === 0 && node.additional === undefined) return;
  for (const field in value) {
    const child = childOf(node, field);
    if (child === undefined) continue;
    const inner = { value: value[field], node: child, path: fieldPath(path, field) };
    walk(
      withRatchet(inner, place.ratchet, (before) => fieldOf(before, field)),
      problems,
    );
  }
}

function walkList(value: readonly unknown[], place: Place, problems: FieldProblem[]): void {
  const { node, path, ratchet } = place;
  const { items } = node;
  if (items === undefined) return;
  const type = node.schema['x-kubernetes-list-type'];
  if (type === 'set' || type === 'map') checkUnique(value, place, problems);
  const before = itemsBefore(node, ratchet?.before);
  for (const [i, item] of value.entries()) {
    const inner = { value: item, node: items, path: `${path}[${i}]` };
    walk(
      withRatchet(inner, ratchet, () => before(item, i)),
      problems,
    );
  }
}

function withRatchet(place: Place, ratchet: Ratchet | undefined, inner: (before: unknown) => unknown): Place {
  return ratchet === undefined ? place : { ...place, ratchet: { before: inner(ratchet.before) } };
}

function fieldOf(value: unknown, field: string): unknown {
  return isObject(value) && Object.hasOwn(value, field) ? value[field] : undefined;
}

/**
 * What each item of a list was before: of a list that is a map the item with the same keys; items of other
 * lists cannot be told apart, so that there is none.
 */
export function itemsBefore(node: SchemaNode, before: unknown): (item: unknown, index: number) => unknown {
  if (!Array.isArray(before) || node.schema['x-kubernetes-list-type'] !== 'map') return () => undefined;
  const keyed = new Map(before.map((item) => [keyOf(item, node), item as unknown]));
  return (item) => keyed.get(keyOf(item, node));
}

/** The keys of an item of a list, as a text; of an item of a set, the item itself. */
function keyOf(item: unknown, { schema, items }: SchemaNode): string {
  if (schema['x-kubernetes-list-type'] !== 'map') return canonical(item);
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return JSON.stringify(
    keys.map((key) => fieldOf(item, key) ?? items?.properties.get(key)?.schema.default ?? null),
  );
}

/** JSON with the fields of objects in order, so that equal values have equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isObject(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}

function checkUnique(list: readonly unknown[], { node, path }: Place, problems: FieldProblem[]): void {
  const seen = new Set<string>();
  for (const [i, item] of list.entries()) {
    const key = keyOf(item, node);
    if (seen.has(key)) problems.push(duplicate(`${path}[${i}]`, shownKey(item, node)));
    seen.add(key);
  }
}

/** Of an item of a map, its keys. */
function shownKey(item: unknown, { schema }: SchemaNode): unknown {
  if (schema['x-kubernetes-list-type'] !== 'map' || !isObject(item)) return item;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(item, key)).map((key) => [key, item[key]]));
}

function checkJunctor({ kind, nodes }: Junctor, place: Place, problems: FieldProblem[]): void {
  const { value, path } = place;
  const found = nodes.map((node) => {
    const inner: FieldProblem[] = [];
    walk({ value, node, path }, inner);
    return inner;
  });
  const fitting = found.filter((inner) => inner.length === 0).length;
  const shown = path === '' ? '<nil>' : path;
  const add = (text: string): void => void problems.push(invalid(path, value, `${shown} in body ${text}`));
  if (kind === 'allOf') {
    problems.push(...found.flat());
    if (fitting < nodes.length) add('must validate all the schemas (allOf)');
  } else if (kind === 'not') {
    if (fitting > 0) add('must not validate the schema (not)');
  } else if (fitting === 0) {
    problems.push(...closest(found));
    add(
      kind === 'anyOf'
        ? 'must validate at least one schema (anyOf)'
        : 'must validate one and only one schema (oneOf). Found none valid',
    );
  } else if (kind === 'oneOf' && fitting > 1) {
    add(`must validate one and only one schema (oneOf). Found ${fitting} valid alternatives`);
  }
}

/** The problems of the schema that was missed by least. */
function closest(found: readonly FieldProblem[][]): readonly FieldProblem[] {
  return found.toSorted((one, other) => one.length - other.length)[0] ?? [];
}

function fieldPath(parent: string, field: string): string {
  return parent === '' ? field : `${parent}.${field}`;
}
