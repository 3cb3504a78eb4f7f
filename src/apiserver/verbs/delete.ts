import { resources, type Resource } from '../../api/resources.ts';
import { parseBody } from '../body.ts';
import { cleanupFinalizer } from '../custom/definition.ts';
import { jsonResponse, type ApiRequest, type ApiResponse } from '../http/messages.ts';
import { isObject, sameJson, textAt, valueAt, type StoredObject } from '../json.ts';
import type { Api } from '../port.ts';
import { representationOf } from '../representation.ts';
import type { Target } from '../routes.ts';
import { selectionOf } from '../selection.ts';
import {
  badRequest,
  conflict,
  forbidden,
  invalidValue,
  methodNotAllowed,
  qualifiedName,
  StatusError,
  successStatus,
  type StatusCause,
} from '../status.ts';
import type { Entry } from '../store/port.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { isFinalized } from './lifecycle.ts';
import { writeOptionsOf } from './options.ts';
import { entryAt } from './read.ts';
import { remove } from './remove.ts';

/** What becomes of dependents; Background is also what nothing said means. */
type Propagation = 'Background' | 'Foreground' | 'Orphan';

interface DeleteOptions {
  readonly dryRun: boolean;
  readonly propagation: Propagation;
  readonly uid: string;
  readonly resourceVersion: string;
}

export async function deleteObject(api: Api, target: Target, request: ApiRequest): Promise<ApiResponse> {
  const { resource } = target;
  const options = await deleteOptionsOf(request);
  const representation = await representationOf(request, resource, api.clock);
  const current = entryAt(api, target);
  const { name, uid = '' } = current.object.metadata;
  const left = deleteEntry(api, resource, { current, options });
  if (left !== undefined) return jsonResponse(200, representation.one(left));
  const group = resource.group !== '' && { group: resource.group };
  return jsonResponse(200, successStatus({ name, ...group, kind: resource.plural, uid }));
}

/** Deletes everything a list would show; returns that list. */
export async function deleteCollection(api: Api, target: Target, request: ApiRequest): Promise<ApiResponse> {
  const { resource, namespace } = target;
  if (resource.namespaced && namespace === undefined) throw methodNotAllowed();
  const options = await deleteOptionsOf(request);
  const representation = await representationOf(request, resource, api.clock);
  const selects = selectionOf(target, request.query);
  const all = api.store.list(qualifiedName(resource), namespace);
  const entries = selects === undefined ? all : all.filter(({ object }) => selects(object));
  for (const current of entries) deleteEntry(api, resource, { current, options });
  const resourceVersion = String(api.store.resourceVersion);
  return jsonResponse(200, representation.list(entries, { resourceVersion }));
}

/** From the body, or from the query where there is no body (meta/v1 DeleteOptions). */
async function deleteOptionsOf(request: ApiRequest): Promise<DeleteOptions> {
  const body = request.body.length === 0 ? {} : await parseBody(request);
  if (!isObject(body)) throw badRequest('the body is not DeleteOptions');
  const dryRun = valueAt(body, ['dryRun']);
  return {
    dryRun: writeOptionsOf(request.query).dryRun || (Array.isArray(dryRun) && dryRun.includes('All')),
    propagation: propagationOf(request.query, body),
    uid: textAt(body, ['preconditions', 'uid']),
    resourceVersion: textAt(body, ['preconditions', 'resourceVersion']),
  };
}

function propagationOf(query: URLSearchParams, body: Record<string, unknown>): Propagation {
  const policy = textAt(body, ['propagationPolicy']) || (query.get('propagationPolicy') ?? '');
  const orphans = body['orphanDependents'] ?? query.get('orphanDependents') ?? undefined;
  const isTrue = orphans === true || orphans === 'true';
  if (policy === '') return isTrue ? 'Orphan' : 'Background';
  if (orphans !== undefined) {
    throw invalidOptions(
      invalidValue('orphanDependents', isTrue, 'orphanDependents and deletionPropagation cannot be both set'),
    );
  }
  if (policy === 'Background' || policy === 'Foreground' || policy === 'Orphan') return policy;
  const choices = '"Background", "Foreground", "Orphan"';
  throw invalidOptions({
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${JSON.stringify(policy)}: supported values: ${choices}`,
    field: 'propagationPolicy',
  });
}

function invalidOptions(cause: StatusCause): StatusError {
  const message = `DeleteOptions.meta.k8s.io "" is invalid: ${cause.field}: ${cause.message}`;
  const details = { group: 'meta.k8s.io', kind: 'DeleteOptions', causes: [cause] };
  return new StatusError(422, 'Invalid', message, details);
}

interface Deletion {
  readonly current: Entry;
  readonly options: DeleteOptions;
}

/** Undefined when the object is gone; what is left of it when finalizers keep it. */
function deleteEntry(api: Api, resource: Resource, { current, options }: Deletion): Entry | undefined {
  requirePreconditions(resource, current.object, options);
  requireMortal(resource, current.object);
  const { dryRun } = options;
  api.askPolicies?.({ operation: 'DELETE', resource, object: undefined, old: current.object, dryRun });
  const { object, key } = current;
  const dying = withPolicy(marked(api, resource, object), options.propagation);
  const gone = isFinalized(resource, dying);
  if (options.dryRun) return gone ? undefined : current;
  if (options.propagation === 'Orphan') releaseDependents(api, object.metadata.uid);
  if (gone) {
    remove(api, resource, key);
    return undefined;
  }
  return sameJson(dying, object) ? current : api.store.put(qualifiedName(resource), key, dying);
}

function requirePreconditions(resource: Resource, object: StoredObject, options: DeleteOptions): void {
  const { name, uid, resourceVersion } = object.metadata;
  if (options.uid !== '' && options.uid !== uid) {
    const why = `Precondition failed: UID in precondition: ${options.uid}, UID in object meta: ${uid}`;
    throw conflict(resource, name, why);
  }
  if (options.resourceVersion !== '' && options.resourceVersion !== resourceVersion) {
    const why = `Precondition failed: ResourceVersion in precondition: ${options.resourceVersion}, ResourceVersion in object meta: ${resourceVersion}`;
    throw conflict(resource, name, why);
  }
}

const immortalNamespaces = new Set(['default', 'kube-system', 'kube-public']);

function requireMortal(resource: Resource, { metadata: { name } }: StoredObject): void {
  if (resource !== resources.namespaces || !immortalNamespaces.has(name)) return;
  throw forbidden(resource, name, { why: 'this namespace may not be deleted' });
}

/** The finalizer by which an object waits for its dependents: the garbage collector takes it off. */
const foreground = 'foregroundDeletion';

/** The last delete decides whether its dependents go first; upstream's collector finds it out the same way. */
function withPolicy(object: StoredObject, propagation: Propagation): StoredObject {
  const others = (object.metadata.finalizers ?? []).filter((one) => one !== foreground);
  const finalizers = propagation === 'Foreground' ? [...others, foreground] : others;
  const { finalizers: _, ...rest } = object.metadata;
  return { ...object, metadata: { ...rest, ...(finalizers.length > 0 && { finalizers }) } };
}

/** With the time of its deletion, which the first delete sets. */
function marked(api: Api, resource: Resource, object: StoredObject): StoredObject {
  if (object.metadata.deletionTimestamp !== undefined) return object;
  const metadata = {
    ...object.metadata,
    deletionTimestamp: timestamp(api.clock.now()),
    deletionGracePeriodSeconds: 0,
  };
  if (resource === resources.customresourcedefinitions) {
    const finalizers = [...(metadata.finalizers ?? []), cleanupFinalizer];
    return { ...object, metadata: { ...metadata, finalizers } };
  }
  if (resource !== resources.namespaces) return { ...object, metadata };
  const status = isObject(object['status']) ? object['status'] : {};
  return { ...object, metadata, status: { ...status, phase: 'Terminating' } };
}

/** `propagationPolicy: Orphan`: dependents forget their owner, at once, so that no collector ever sees them as its. */
function releaseDependents(api: Api, uid: string | undefined): void {
  for (const resource of api.catalog.resources) {
    const store = qualifiedName(resource);
    for (const { key, object } of api.store.list(store)) {
      const owners = object.metadata.ownerReferences ?? [];
      if (!owners.some((owner) => owner.uid === uid)) continue;
      const ownerReferences = owners.filter((owner) => owner.uid !== uid);
      api.store.put(store, key, { ...object, metadata: { ...object.metadata, ownerReferences } });
    }
  }
}
