import type { Shape } from '../../api/schema/lists.ts';
import { sameJson, type Json, type StoredObject } from '../json.ts';
import { compareFields, everything } from './compare.ts';
import {
  difference,
  fieldSet,
  intersection,
  isEmpty,
  itself,
  noFields,
  union,
  withNamedFields,
  type FieldSet,
} from './field-set.ts';
import { fieldsOfLastApplied } from './last-applied.ts';
import {
  decodeManagers,
  encodeManagers,
  managerKey,
  managersOfGroup,
  type Manager,
  type Managers,
} from './managers.ts';
import { mergeApplied } from './merge.ts';
import { ownedFields } from './owned.ts';
import { withoutFields } from './remove.ts';
import { comparable, ownable } from './scope.ts';
import type { Writer } from './track.ts';

/** Fields that another manager owns and that the applied configuration would change. */
export interface Conflict {
  readonly manager: Manager;
  readonly fields: FieldSet;
}

export type Applied =
  | { readonly kind: 'conflicts'; readonly conflicts: readonly Conflict[] }
  | { readonly kind: 'applied'; readonly object: Json; readonly managedFields: readonly object[] };

interface Application {
  readonly config: StoredObject;
  readonly writer: Writer;
  /** Takes fields in conflict from their owners. */
  readonly force: boolean;
}

/**
 * Server-side apply (KEP-555): merges the configuration into the live object, takes out what this manager applied
 * before, no longer names and nobody else owns, and says who owns what then. Pure; the object has yet to be
 * admitted. `config` names no field that the writer does not own through where it writes.
 */
export function applyConfiguration(live: StoredObject, { config, writer, force }: Application): Applied {
  const { shape } = writer;
  const [before, wanted] = [comparable(live), comparable(config)];
  const key = managerKey(writer.id);
  const managers = managersOf(live, writer);
  const last = managers.get(key);
  const owned = ownable(ownedFields(wanted, shape), writer.writes);
  const now = new Map(managers).set(key, { ...writer.id, time: last?.time ?? writer.time, fields: owned });
  const merged = mergeApplied(before, wanted, shape);
  const object = pruned(merged, { shape, last: last?.fields ?? noFields, managers: now });
  const { changed, removed } = compareFields(before, object, shape);
  const conflicts = conflictsOf(now, key, changed);
  const forgiven = conflicts.length > 0 ? fieldsOfLastApplied(live, shape, writer) : noFields;
  if (!force && !isEmpty(difference(fieldsOf(conflicts), forgiven))) return { kind: 'conflicts', conflicts };
  const others = withoutLost(now, key, union(fieldsOf(conflicts), removed));
  const isNew = last === undefined || !sameFields(last.fields, owned) || !sameJson(before, object);
  const own = { ...writer.id, time: isNew ? writer.time : last.time, fields: owned };
  return { kind: 'applied', object, managedFields: encodeManagers(others.set(key, own)) };
}

/** Who owns what. Where nobody does, everything there is was written before anybody applied (as upstream says it). */
function managersOf(live: StoredObject, { id, time, shape }: Writer): Managers {
  const managers = decodeManagers(live.metadata.managedFields);
  if (managers !== undefined && managers.size > 0) return managersOfGroup(managers, live.apiVersion);
  const first: Manager = {
    manager: 'before-first-apply',
    operation: 'Update',
    apiVersion: id.apiVersion,
    subresource: '',
    time,
    fields: ownable(ownedFields(comparable(live), shape), 'both'),
  };
  return new Map([[managerKey(first), first]]);
}

/** What stays in any case: without it there is no object. */
const identity: FieldSet = fieldSet(
  false,
  ['f:apiVersion', 'f:kind', 'f:metadata'].map((element) => [element, itself]),
);

interface Pruning {
  readonly shape: Shape;
  readonly last: FieldSet;
  readonly managers: Managers;
}

/**
 * Takes out what was applied last and nobody owns any more. What nobody ever owned (defaults) stays, except under
 * a field that goes as a whole.
 */
function pruned(merged: Json, { shape, last, managers }: Pruning): Json {
  if (isEmpty(last)) return merged;
  let owned = identity;
  for (const { fields } of managers.values()) owned = union(owned, fields);
  const candidates = intersection(withNamedFields(last), everything(merged, shape));
  const gone = difference(candidates, withNamedFields(owned));
  return withoutFields(merged, gone, shape) ?? {};
}

function conflictsOf(managers: Managers, self: string, changed: FieldSet): Conflict[] {
  const conflicts: Conflict[] = [];
  for (const [key, manager] of managers) {
    const fields = key === self ? noFields : intersection(manager.fields, changed);
    if (!isEmpty(fields)) conflicts.push({ manager, fields });
  }
  return conflicts;
}

function fieldsOf(conflicts: readonly Conflict[]): FieldSet {
  let fields = noFields;
  for (const conflict of conflicts) fields = union(fields, conflict.fields);
  return fields;
}

function withoutLost(managers: Managers, self: string, lost: FieldSet): Map<string, Manager> {
  return new Map(
    Array.from(managers, ([key, manager]) => [
      key,
      key === self ? manager : { ...manager, fields: difference(manager.fields, lost) },
    ]),
  );
}

function sameFields(one: FieldSet, other: FieldSet): boolean {
  return isEmpty(difference(one, other)) && isEmpty(difference(other, one));
}
