import type { Shape } from '../../api/schema/lists.ts';
import type { StoredObject } from '../json.ts';
import { compareFields } from './compare.ts';
import { difference, isEmpty, noFields, union, type FieldSet } from './field-set.ts';
import {
  decodeManagers,
  encodeManagers,
  managerKey,
  managersOfGroup,
  type Manager,
  type ManagerId,
  type Managers,
} from './managers.ts';
import { ownedFields } from './owned.ts';
import { comparable, ownable } from './scope.ts';

/** Who writes, when, and through what. */
export interface Writer {
  readonly id: ManagerId;
  /** RFC 3339. */
  readonly time: string;
  readonly writes: 'object' | 'status' | 'both';
  /** Of the objects of the resource that is written to. */
  readonly shape: Shape;
}

/** `managedFields` of an object that was created like this: its creator owns every field. */
export function creationManagers(object: StoredObject, writer: Writer): object[] {
  const fields = ownable(ownedFields(comparable(object), writer.shape), writer.writes);
  return encodeManagers(new Map([[managerKey(writer.id), { ...writer.id, time: writer.time, fields }]]));
}

/**
 * `managedFields` after an update: who writes takes what changes, and loses with everybody what goes. A list that
 * came with the object replaces the stored one; an empty one, or one empty entry, forgets it.
 */
export function updateManagers(
  before: StoredObject,
  after: StoredObject,
  writer: Writer,
): unknown[] | undefined {
  const stored = before.metadata.managedFields;
  // Managers may be edited through the object itself only; what came back as it was sent is no edit.
  const sent = writer.id.subresource === '' ? after.metadata.managedFields : undefined;
  const given = sent === stored ? undefined : sent;
  const managers = managersOfGroup(managersOf(stored, given), after.apiVersion);
  const { changed, removed } = compareFields(comparable(before), comparable(after), writer.shape);
  if (given === undefined && isEmpty(ownable(changed, 'both')) && isEmpty(removed)) return stored;
  const result = without(managers, union(changed, removed));
  const taken = ownable(changed, writer.writes);
  if (!isEmpty(taken)) {
    const key = managerKey(writer.id);
    const owned = managers.get(key)?.fields ?? noFields;
    const fields = union(difference(owned, removed), taken);
    result.set(key, { ...writer.id, time: writer.time, fields });
  }
  const entries = encodeManagers(result);
  return entries.length === 0 ? undefined : entries;
}

/** What came with the object, where it says anything; else what is stored. */
function managersOf(stored: unknown, given: readonly unknown[] | undefined): Managers {
  const none: Managers = new Map();
  if (given !== undefined && isReset(given)) return none;
  return decodeManagers(given) ?? decodeManagers(stored) ?? none;
}

function without(managers: ReadonlyMap<string, Manager>, lost: FieldSet): Map<string, Manager> {
  return new Map(
    Array.from(managers, ([key, manager]) => [key, { ...manager, fields: difference(manager.fields, lost) }]),
  );
}

function isReset(entries: readonly unknown[]): boolean {
  const [entry] = entries;
  return entries.length === 0 || (entries.length === 1 && JSON.stringify(entry) === '{}');
}
