import { objectType } from '../../api/schema/schema.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { badRequest } from '../status.ts';
import { mergeRuleOf, objectRuleOf } from './merge-keys.ts';
import { mergeList, mergeSet, orderBy } from './strategic-list.ts';

const deletePrefix = '$deleteFromPrimitiveList/';
const orderPrefix = '$setElementOrder/';

/**
 * Strategic merge patch (apimachinery `strategicpatch`): as a merge patch, but lists merge by the keys of
 * their items, and directives (`$patch`, `$retainKeys`, `$setElementOrder/FIELD`,
 * `$deleteFromPrimitiveList/FIELD`) say what merging cannot. `type` names the target's schema; without one,
 * lists are replaced. Throws 400 for directives that make no sense.
 */
export function strategicMergePatch(
  target: Json | undefined,
  patch: JsonObject,
  type: string | undefined,
): JsonObject {
  const directive = patch['$patch'];
  if (directive === 'replace') return withoutDirectives(patch);
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge')
    throw badRequest('$patch is replace, merge or delete');
  const result = retained(isJsonObject(target) ? target : {}, patch);
  deleteFromLists(result, patch);
  for (const [field, value] of Object.entries(patch)) {
    if (field.startsWith('$')) continue;
    if (value === null) delete result[field];
    else result[field] = mergeField(result[field], value, { type, field, order: patch[orderPrefix + field] });
  }
  orderRest(result, patch, type);
  return result;
}

interface Place {
  readonly type: string | undefined;
  readonly field: string;
  readonly order: Json | undefined;
}

function mergeField(current: Json | undefined, value: Json, place: Place): Json {
  const child = childType(place);
  if (isJsonObject(value)) {
    const isReplaced = place.type !== undefined && objectRuleOf(place.type, place.field) === 'replace';
    return isReplaced ? withoutDirectives(value) : strategicMergePatch(current, value, child);
  }
  const rule = place.type === undefined ? undefined : mergeRuleOf(place.type, place.field);
  if (!Array.isArray(value) || rule === undefined) return value;
  const before = Array.isArray(current) ? current : [];
  const merged =
    rule.key === undefined
      ? mergeSet(before, value)
      : mergeList(before, value, { rule, merge: (item, patch) => strategicMergePatch(item, patch, child) });
  // Without a word on order the patch's own is meant: what it adds comes before what it does not name.
  return orderBy(merged, { before, order: place.order ?? value, rule });
}

/** A list whose order alone the patch gives. */
function orderRest(result: JsonObject, patch: JsonObject, type: string | undefined): void {
  for (const [directive, order] of Object.entries(patch)) {
    if (!directive.startsWith(orderPrefix)) continue;
    const field = directive.slice(orderPrefix.length);
    const [list, rule] = [result[field], type === undefined ? undefined : mergeRuleOf(type, field)];
    if (patch[field] !== undefined || !Array.isArray(list) || rule === undefined) continue;
    result[field] = orderBy(list, { before: list, order, rule });
  }
}

function childType({ type, field }: Place): string | undefined {
  const declared = type === undefined ? undefined : objectType(type).get(field)?.type;
  const item = declared?.kind === 'array' || declared?.kind === 'map' ? declared.item : declared;
  return item?.kind === 'object' ? item.name : undefined;
}

function withoutDirectives(patch: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(patch).filter(([field]) => !field.startsWith('$')));
}

/** A copy, of only the fields that `$retainKeys` lists where it is there; what is patched must be among them. */
function retained(target: JsonObject, patch: JsonObject): JsonObject {
  const keys = patch['$retainKeys'];
  if (keys === undefined) return { ...target };
  if (!Array.isArray(keys)) throw badRequest('$retainKeys is a list of fields');
  for (const [field, value] of Object.entries(patch)) {
    if (value === null || field.startsWith('$') || keys.includes(field)) continue;
    throw badRequest(`${field} is patched, and $retainKeys does not list it`);
  }
  return Object.fromEntries(Object.entries(target).filter(([field]) => keys.includes(field)));
}

function deleteFromLists(result: JsonObject, patch: JsonObject): void {
  for (const [directive, values] of Object.entries(patch)) {
    if (!directive.startsWith(deletePrefix)) continue;
    const field = directive.slice(deletePrefix.length);
    const list = result[field];
    if (!Array.isArray(values)) throw badRequest(`${directive} is a list of values`);
    if (Array.isArray(list)) result[field] = list.filter((item) => !values.includes(item));
  }
}
