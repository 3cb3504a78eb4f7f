import type { Resource } from '../../api/resources.ts';
import { sameJson } from '../../lib/same-json.ts';
import { apiError } from '../errors.ts';
import type { AnyObject, FakeStore } from './store.ts';

export interface Applying {
  readonly object: AnyObject;
  readonly manager: string;
  readonly force: boolean;
}

/** What each manager applied last to an object, by the object's uid. */
const applied = new WeakMap<FakeStore, Map<string, Map<string, AnyObject>>>();

/**
 * Server-side apply, with what callers of it here depend on: fields and not objects are owned, a field that is left out
 * goes, and another's field is a conflict. Lists are one field each, and fields that were not applied have no owner.
 */
export function applyTo(
  store: FakeStore,
  resource: Resource,
  { object, manager, force }: Applying,
): AnyObject {
  const at = object.metadata;
  const existing = store.get(resource, at);
  const owners = ownersOf(store, existing?.metadata.uid ?? '');
  if (existing === undefined) {
    const made = store.create(resource, object);
    ownersOf(store, made.metadata.uid ?? '').set(manager, object);
    return made;
  }
  const others = [...owners].filter(([other]) => other !== manager);
  const contested = others.filter(([, theirs]) => contradicts(theirs, object));
  if (contested.length > 0 && !force) throw conflict(object, contested[0]?.[0] ?? '');
  for (const [other, theirs] of contested) owners.set(other, without(theirs, object));
  const before = owners.get(manager) ?? {};
  owners.set(manager, object);
  const change = (current: AnyObject): AnyObject => merged(current, before, object) as AnyObject;
  return store.modify(resource, at, { what: 'object', change });
}

function ownersOf(store: FakeStore, uid: string): Map<string, AnyObject> {
  const byUid = applied.get(store) ?? new Map<string, Map<string, AnyObject>>();
  applied.set(store, byUid);
  const owners = byUid.get(uid) ?? new Map<string, AnyObject>();
  byUid.set(uid, owners);
  return owners;
}

type Fields = Readonly<Record<string, unknown>>;

function merged(current: unknown, before: unknown, wanted: unknown): unknown {
  if (!isFields(wanted)) return wanted;
  const result: Record<string, unknown> = isFields(current) ? { ...current } : {};
  const old = isFields(before) ? before : {};
  for (const field of Object.keys(old)) if (!(field in wanted)) delete result[field];
  for (const [field, value] of Object.entries(wanted))
    result[field] = merged(result[field], old[field], value);
  return result;
}

/** Whether both say something of the same field, and not the same. */
function contradicts(theirs: unknown, ours: unknown): boolean {
  if (!isFields(theirs) || !isFields(ours)) return !sameJson(theirs, ours);
  return Object.keys(ours).some((field) => field in theirs && contradicts(theirs[field], ours[field]));
}

/** What is left of theirs after ours was taken by force. */
function without(theirs: AnyObject, ours: AnyObject): AnyObject {
  const strip = (their: Fields, our: Fields): Fields =>
    Object.fromEntries(
      Object.entries(their).flatMap(([field, value]) => {
        if (!(field in our)) return [[field, value]];
        const other = our[field];
        return isFields(value) && isFields(other) ? [[field, strip(value, other)]] : [];
      }),
    );
  return strip(theirs as unknown as Fields, ours as unknown as Fields) as unknown as AnyObject;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function conflict({ kind, metadata }: AnyObject, other: string): Error {
  const message = `Apply failed with 1 conflict: conflict with "${other}"`;
  return apiError({ status: 409, reason: 'Conflict', message }, `apply ${kind} ${metadata.name}`);
}
