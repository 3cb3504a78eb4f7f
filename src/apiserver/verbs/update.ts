import { keyOf, resources, type Resource } from '../../api/resources.ts';
import { withOwners, writerOf, type Owners } from '../apply/owners.ts';
import { parseBody } from '../body.ts';
import { customKindOf } from '../catalog/custom-kind.ts';
import { jsonResponse, type ApiRequest, type ApiResponse } from '../http/messages.ts';
import { sameJson, type StoredObject } from '../json.ts';
import type { Api } from '../port.ts';
import { representationOf } from '../representation.ts';
import type { Target } from '../routes.ts';
import { conflict, qualifiedName } from '../status.ts';
import type { Entry } from '../store/port.ts';
import { objectOf } from './body-object.ts';
import { checkFields } from './fields.ts';
import { hasStatus, isFinalized } from './lifecycle.ts';
import { writeOptionsOf, type WriteOptions } from './options.ts';
import { entryAt } from './read.ts';
import { remove } from './remove.ts';

export async function updateObject(api: Api, target: Target, request: ApiRequest): Promise<ApiResponse> {
  const options = writeOptionsOf(request.query);
  const representation = await representationOf(request, target.resource, api.clock);
  const given = objectOf(target, await parseBody(request));
  const current = entryAt(api, target);
  const { object, headers } = checkFields(api, target.resource, { object: given, options });
  const { resource, subresource } = target;
  const entry = replace(api, resource, {
    current,
    desired: object,
    options,
    owners: { writer: writerOf({ target, request }, { clock: api.clock, operation: 'Update' }) },
    ...(subresource && { subresource }),
  });
  return jsonResponse(200, representation.one(entry), headers);
}

export interface Replacement {
  readonly current: Entry;
  readonly desired: StoredObject;
  readonly options: Pick<WriteOptions, 'dryRun'>;
  /** Who owns what changes; where absent, owners stay as they are. */
  readonly owners?: Owners;
  /** Only the part that belongs to it is taken from `desired`. */
  readonly subresource?: string;
}

const modified =
  'the object has been modified; please apply your changes to the latest version and try again';

/**
 * Stores what an object is to become. Throws 409 when `desired` names another version or uid than the current
 * one. Nothing is written when nothing changes; a dying object without finalizers is removed.
 */
export function replace(api: Api, resource: Resource, replacement: Replacement): Entry {
  const { current, desired, options, subresource, owners } = replacement;
  requireCurrent(resource, current.object, desired);
  const merged =
    subresource === 'status'
      ? withStatus(withAnnotations(resource, current.object, desired), desired)
      : withSpec(resource, current.object, desired);
  const admitted = api.admission.admit(resource, merged, current.object);
  const counted = subresource === 'status' ? admitted : withGeneration(resource, current.object, admitted);
  const { dryRun } = options;
  api.askPolicies?.({
    operation: 'UPDATE',
    resource,
    subresource,
    object: counted,
    old: current.object,
    dryRun,
  });
  const next = withOwners(current.object, counted, owners);
  if (sameJson(next, current.object)) return current;
  const store = qualifiedName(resource);
  const key = keyOf(next);
  if (options.dryRun) return { key, rv: current.rv, object: next, text: JSON.stringify(next) };
  const entry = api.store.put(store, key, next);
  return isFinalized(resource, next) ? (remove(api, resource, key) ?? entry) : entry;
}

function requireCurrent(resource: Resource, current: StoredObject, desired: StoredObject): void {
  const { name, resourceVersion, uid } = desired.metadata;
  if (uid !== undefined && uid !== current.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`;
    throw conflict(resource, name, why);
  }
  if (
    resourceVersion !== undefined &&
    resourceVersion !== '' &&
    resourceVersion !== current.metadata.resourceVersion
  ) {
    throw conflict(resource, name, modified);
  }
}

/** Who writes a pod's status may annotate the pod: nodes tell so of its further networks. */
function withAnnotations(resource: Resource, current: StoredObject, desired: StoredObject): StoredObject {
  if (resource !== resources.pods) return current;
  const { annotations: _, ...metadata } = current.metadata;
  const { annotations } = desired.metadata;
  return { ...current, metadata: { ...metadata, ...(annotations !== undefined && { annotations }) } };
}

function withStatus(current: StoredObject, desired: StoredObject): StoredObject {
  const next: StoredObject = { ...current };
  if (desired['status'] === undefined) delete next['status'];
  else next['status'] = desired['status'];
  return next;
}

/** Fields of the metadata that clients cannot change. */
const serverOwned = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generateName',
] as const;

function withSpec(resource: Resource, current: StoredObject, desired: StoredObject): StoredObject {
  const metadata: Record<string, unknown> = { ...desired.metadata };
  for (const field of serverOwned) {
    if (current.metadata[field] === undefined) delete metadata[field];
    else metadata[field] = current.metadata[field];
  }
  const { name, namespace } = current.metadata;
  const next: StoredObject = {
    ...desired,
    metadata: { ...metadata, name, ...(namespace !== undefined && { namespace }) },
  };
  return hasStatus(resource) ? withStatus(next, current) : next;
}

/** A new generation whenever anything but metadata and status changes. */
function withGeneration(resource: Resource, current: StoredObject, next: StoredObject): StoredObject {
  const { generation } = current.metadata;
  if (generation === undefined || sameJson(countedOf(resource, current), countedOf(resource, next)))
    return next;
  return { ...next, metadata: { ...next.metadata, generation: generation + 1 } };
}

/** What a generation counts changes of: a custom resource may have anything at its top, and no subresource of its status. */
function countedOf(resource: Resource, object: StoredObject): unknown {
  if (customKindOf(resource) === undefined) return object['spec'];
  const { metadata, status, ...rest } = object;
  void metadata;
  return hasStatus(resource) ? rest : { ...rest, status };
}
