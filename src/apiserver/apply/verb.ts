import { apiVersionOf } from '../../api/resources.ts';
import { parseBody } from '../body.ts';
import { jsonResponse, type ApiRequest, type ApiResponse } from '../http/messages.ts';
import { isObject, toStoredObject, valueAt, type StoredObject } from '../json.ts';
import type { Api } from '../port.ts';
import { representationOf } from '../representation.ts';
import type { Target } from '../routes.ts';
import { badRequest, notFound, qualifiedName } from '../status.ts';
import type { Entry } from '../store/port.ts';
import { objectOf } from '../verbs/body-object.ts';
import { create } from '../verbs/create.ts';
import { checkFields } from '../verbs/fields.ts';
import { writeOptionsOf, type WriteOptions } from '../verbs/options.ts';
import { keyOfTarget } from '../verbs/read.ts';
import { replicasOf, scaleOf, wantedReplicas } from '../verbs/scale.ts';
import { replace } from '../verbs/update.ts';
import { applyConfiguration } from './apply.ts';
import { requireApplicable } from './applicable.ts';
import { applyConflict } from './conflict.ts';
import { invalidOption, writerOf } from './owners.ts';
import { creationManagers, type Writer } from './track.ts';

/** PATCH with `application/apply-patch+yaml`: creates the object or merges it, and keeps account of who owns what. */
export async function applyObject(api: Api, target: Target, request: ApiRequest): Promise<ApiResponse> {
  const options = writeOptionsOf(request.query);
  if (options.fieldManager === '')
    throw invalidOption('fieldManager', 'Required value: is required for apply patch');
  const representation = await representationOf(request, target.resource, api.clock);
  const body = requireTyped(await parseBody(request));
  const given = objectOf(target, target.subresource === 'scale' ? configOfScale(target, body) : body);
  if (given.metadata.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil');
  const { object, headers } = checkFields(api, target.resource, { object: given, options });
  const writer = writerOf({ target, request }, { clock: api.clock, operation: 'Apply' });
  const config = partOf(object, writer);
  requireApplicable(config, writer.shape);
  const applied = applyAt(api, target, { config, writer, options });
  if (target.subresource === 'scale')
    return jsonResponse(200, scaleOf(target.resource, applied.entry.object), headers);
  return jsonResponse(applied.created ? 201 : 200, representation.one(applied.entry), headers);
}

/** What a Scale says of the object behind it. */
function configOfScale(target: Target, scale: object): object {
  const { resource } = target;
  const metadata = valueAt(scale, ['metadata']) ?? {};
  const replicas = valueAt(scale, ['spec', 'replicas']);
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata,
    ...(replicas !== undefined && wantedReplicas(resource, replicasOf(target, scale))),
  };
}

interface Application {
  readonly config: StoredObject;
  readonly writer: Writer;
  readonly options: WriteOptions;
}

function applyAt(
  api: Api,
  target: Target,
  { config, writer, options }: Application,
): { entry: Entry; created: boolean } {
  const { resource, subresource } = target;
  const current = api.store.get(qualifiedName(resource), keyOfTarget(target));
  if (current === undefined) {
    if (subresource !== undefined) throw notFound(resource, target.name ?? '');
    const owners = { managedFields: creationManagers(config, writer) };
    return { entry: create(api, resource, { object: config, options, owners }), created: true };
  }
  const outcome = applyConfiguration(current.object, { config, writer, force: options.force });
  if (outcome.kind === 'conflicts') throw applyConflict(outcome.conflicts);
  const desired = toStoredObject(outcome.object);
  if (desired === undefined) throw badRequest('the configuration leaves no object');
  const { uid, resourceVersion } = config.metadata;
  const replacement = {
    current,
    // What the configuration says of the version is a precondition, and nothing to merge.
    desired: { ...desired, metadata: withIdentity(desired, { uid, resourceVersion }) },
    options,
    owners: { managedFields: outcome.managedFields },
    ...(subresource !== undefined && { subresource }),
  };
  return { entry: replace(api, resource, replacement), created: false };
}

function withIdentity(
  { metadata }: StoredObject,
  { uid, resourceVersion }: { uid: string | undefined; resourceVersion: string | undefined },
): StoredObject['metadata'] {
  const { uid: liveUid, resourceVersion: liveVersion, ...rest } = metadata;
  void [liveUid, liveVersion];
  return {
    ...rest,
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
  };
}

/** Unlike elsewhere, a configuration has to say what it is of. */
function requireTyped(body: unknown): object {
  if (!isObject(body)) throw badRequest('the configuration is not an object');
  for (const field of ['apiVersion', 'kind']) {
    if (typeof body[field] !== 'string' || body[field] === '')
      throw badRequest(`the configuration has no ${field}`);
  }
  return body;
}

/** What of the configuration belongs where it was sent: the status, or all but the status. */
function partOf(config: StoredObject, { writes }: Writer): StoredObject {
  if (writes === 'both') return config;
  const { apiVersion, kind, metadata } = config;
  if (writes === 'object') {
    const part: StoredObject = { ...config };
    delete part['status'];
    return part;
  }
  const { name, namespace, uid, resourceVersion } = metadata;
  const identity = {
    name,
    ...(namespace !== undefined && { namespace }),
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
  };
  const part: StoredObject = { apiVersion, kind, metadata: identity };
  if (config['status'] !== undefined) part['status'] = config['status'];
  return part;
}
