import { isObject, textAt } from '../json.ts';
import { fromFieldsV1, isEmpty, toFieldsV1, type FieldSet } from './field-set.ts';

/** Who wrote: `managedFields` has one entry for each combination (meta/v1 ManagedFieldsEntry). */
export interface ManagerId {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  /** Empty for the object itself. */
  readonly subresource: string;
}

export interface Manager extends ManagerId {
  /** RFC 3339; empty when unknown. */
  readonly time: string;
  readonly fields: FieldSet;
}

/** By `managerKey`. */
export type Managers = ReadonlyMap<string, Manager>;

/** Whoever applies is the same over versions of the API; whoever updates is not (as upstream has it). */
export function managerKey({ manager, operation, apiVersion, subresource }: ManagerId): string {
  return JSON.stringify([operation, manager, subresource, operation === 'Apply' ? '' : apiVersion]);
}

/** What `managedFields` says; undefined when it is none. Entries of the same manager are one. */
export function decodeManagers(entries: unknown): Managers | undefined {
  if (!Array.isArray(entries)) return undefined;
  const managers = new Map<string, Manager>();
  for (const entry of entries) {
    const manager = decodeManager(entry);
    if (manager === undefined) return undefined;
    managers.set(managerKey(manager), manager);
  }
  return managers;
}

/**
 * Those whose fields have the names that an object has now. A kind that is served in versions of two groups has
 * others in each, and upstream forgets who wrote through the other group; versions of one group convert.
 */
export function managersOfGroup(managers: Managers, apiVersion: string): Managers {
  const group = groupOf(apiVersion);
  const own = [...managers].filter(([, manager]) => groupOf(manager.apiVersion) === group);
  return own.length === managers.size ? managers : new Map(own);
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}

function decodeManager(entry: unknown): Manager | undefined {
  if (!isObject(entry) || textAt(entry, ['fieldsType']) !== 'FieldsV1') return undefined;
  const operation = textAt(entry, ['operation']);
  const fields = decodedFields(entry['fieldsV1']);
  if ((operation !== 'Apply' && operation !== 'Update') || fields === undefined) return undefined;
  return {
    manager: textAt(entry, ['manager']),
    operation,
    apiVersion: textAt(entry, ['apiVersion']),
    subresource: textAt(entry, ['subresource']),
    time: textAt(entry, ['time']),
    fields,
  };
}

/** What was decoded or written once is not decoded again; the objects are never modified. */
const decoded = new WeakMap<object, FieldSet>();

function decodedFields(fields: unknown): FieldSet | undefined {
  if (!isObject(fields)) return undefined;
  const known = decoded.get(fields);
  if (known !== undefined) return known;
  const set = fromFieldsV1(fields);
  if (set !== undefined) decoded.set(fields, set);
  return set;
}

/** As `metadata.managedFields`: those who apply first, then by time. Managers of nothing are left out. */
export function encodeManagers(managers: Managers): object[] {
  return [...managers.values()]
    .filter(({ fields }) => !isEmpty(fields))
    .sort((one, other) => compareTexts(sortKey(one), sortKey(other)))
    .map(({ manager, operation, apiVersion, subresource, time, fields }) => ({
      manager,
      operation,
      apiVersion,
      ...(time !== '' && { time }),
      fieldsType: 'FieldsV1',
      fieldsV1: shared(fields),
      ...(subresource !== '' && { subresource }),
    }));
}

function sortKey({ manager, operation, apiVersion, subresource, time }: Manager): string {
  return [operation, time, manager, apiVersion, subresource].join('\n');
}

function compareTexts(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** Thousands of objects are owned in the same way by the same controller: they share one description. */
const written = new Map<string, Record<string, unknown>>();
const mostShared = 512;
const longestShared = 4096;

function shared(set: FieldSet): Record<string, unknown> {
  const fields = toFieldsV1(set);
  const text = JSON.stringify(fields);
  const known = written.get(text);
  if (known !== undefined) return known;
  decoded.set(fields, set);
  if (text.length > longestShared) return fields;
  if (written.size >= mostShared) {
    const [oldest = ''] = written.keys();
    written.delete(oldest);
  }
  written.set(text, fields);
  return fields;
}
