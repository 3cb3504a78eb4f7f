import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { badRequest } from '../status.ts';
import type { MergeRule } from './merge-keys.ts';

/** Values of both, each once, the old ones first. */
export function mergeSet(before: readonly Json[], added: readonly Json[]): Json[] {
  return [...new Set([...before, ...added])];
}

interface ListMerge {
  readonly rule: MergeRule;
  readonly merge: (item: JsonObject, patch: JsonObject) => JsonObject;
}

/** Merges items by their key; `$patch: delete` removes one, `$patch: replace` on its own empties the list first. */
export function mergeList(
  before: readonly Json[],
  patch: readonly Json[],
  { rule, merge }: ListMerge,
): Json[] {
  const replaces = patch.some((item) => isJsonObject(item) && isReplaceMarker(item, rule));
  const result = replaces ? [] : [...before];
  for (const item of patch) {
    if (!isJsonObject(item)) throw badRequest(`items of a list merged by ${rule.key} are objects`);
    if (isReplaceMarker(item, rule)) continue;
    if (rule.key !== undefined && item[rule.key] === undefined) {
      throw badRequest(`an item of the patch has no ${rule.key}, by which its list is merged`);
    }
    const at = indexOf(result, item, rule);
    if (item['$patch'] === 'delete') {
      if (at >= 0) result.splice(at, 1);
    } else {
      const current = at < 0 ? undefined : result[at];
      const merged = merge(isJsonObject(current) ? current : {}, item);
      if (at < 0) result.push(merged);
      else result[at] = merged;
    }
  }
  return result;
}

/** `{$patch: replace}` without a key concerns the whole list. */
function isReplaceMarker(item: JsonObject, { key = '' }: MergeRule): boolean {
  return item['$patch'] === 'replace' && item[key] === undefined;
}

/** Where the item is: of those with its key, the one that agrees in `also`, else the only one. */
function indexOf(list: readonly Json[], item: JsonObject, rule: MergeRule): number {
  const { key = '', also } = rule;
  const same = [...list.keys()].filter((i) => fieldOf(list[i], key) === item[key]);
  if (also === undefined || item[also] === undefined) return same[0] ?? -1;
  return same.find((i) => (fieldOf(list[i], also) ?? 'TCP') === item[also]) ?? -1;
}

function fieldOf(item: Json | undefined, field: string): Json | undefined {
  return isJsonObject(item) ? item[field] : item;
}

interface Ordering {
  /** The list before the patch. */
  readonly before: readonly Json[];
  /** The `$setElementOrder` of the patch: keys, or the scalars themselves. */
  readonly order: Json | undefined;
  readonly rule: MergeRule;
}

/**
 * The items in the order that the patch gives. Those it does not name, which others added, stay before the
 * named items that they were before.
 */
export function orderBy(list: readonly Json[], { before, order, rule }: Ordering): Json[] {
  if (!Array.isArray(order)) return [...list];
  const place = new Map<Json, number>();
  const idOf = identifier(rule);
  for (const item of list) {
    const at = order.findIndex((wanted) => sameKey(wanted, item, rule));
    if (at >= 0) place.set(item, at);
  }
  const named = list
    .filter((item) => place.has(item))
    .sort((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0));
  const others = list.filter((item) => !place.has(item));
  const oldIndex = new Map(before.map((item, i) => [idOf(item), i]));
  const result: Json[] = [];
  for (const item of named) {
    const index = oldIndex.get(idOf(item)) ?? -1;
    while (others.length > 0 && (oldIndex.get(idOf(others[0])) ?? Number.POSITIVE_INFINITY) < index) {
      result.push(...others.splice(0, 1));
    }
    result.push(item);
  }
  return [...result, ...others];
}

function sameKey(wanted: Json, item: Json, { key, also }: MergeRule): boolean {
  if (key === undefined) return wanted === item;
  if (fieldOf(wanted, key) !== fieldOf(item, key)) return false;
  const more = also === undefined ? undefined : fieldOf(wanted, also);
  return more === undefined || also === undefined || more === (fieldOf(item, also) ?? 'TCP');
}

/** A text that tells the items of a list apart. */
function identifier({ key = '', also = '' }: MergeRule): (item: Json | undefined) => string {
  return (item) =>
    JSON.stringify([fieldOf(item, key) ?? null, isJsonObject(item) ? (item[also] ?? 'TCP') : null]);
}
