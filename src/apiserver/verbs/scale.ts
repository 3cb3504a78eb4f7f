import { selectorKey } from '../../api/selector.ts';
import type { Resource } from '../../api/resources.ts';
import { writerOf } from '../apply/owners.ts';
import { parseBody } from '../body.ts';
import { customKindOf, type ScalePaths } from '../catalog/custom-kind.ts';
import { jsonResponse, type ApiRequest, type ApiResponse } from '../http/messages.ts';
import { isObject, numberAt, textAt, valueAt, type JsonObject, type StoredObject } from '../json.ts';
import type { Api } from '../port.ts';
import type { Target } from '../routes.ts';
import { badRequest, invalid, invalidValue, StatusError } from '../status.ts';
import type { Entry } from '../store/port.ts';
import { writeOptionsOf } from './options.ts';
import { entryAt } from './read.ts';
import { replace } from './update.ts';

/** GET of a scale subresource (autoscaling/v1 Scale). */
export function getScale(api: Api, target: Target): ApiResponse {
  return jsonResponse(200, scaleOf(target.resource, entryAt(api, target).object));
}

export async function updateScale(api: Api, target: Target, request: ApiRequest): Promise<ApiResponse> {
  const scale = await parseBody(request);
  return setScale(api, target, { scale, request });
}

/** Sets `spec.replicas` of the object behind a Scale; a resourceVersion in the Scale is the object's. */
export function setScale(
  api: Api,
  target: Target,
  { scale, request }: { scale: unknown; request: ApiRequest },
): ApiResponse {
  if (!isObject(scale)) throw badRequest('the body is not a Scale');
  const current = entryAt(api, target);
  const replicas = replicasOf(target, scale);
  const options = writeOptionsOf(request.query);
  const desired = withReplicas(target.resource, current, {
    replicas,
    resourceVersion: textAt(scale, ['metadata', 'resourceVersion']),
  });
  const owners = { writer: writerOf({ target, request }, { clock: api.clock, operation: 'Update' }) };
  const entry = replace(api, target.resource, { current, desired, options, owners });
  return jsonResponse(200, scaleOf(target.resource, entry.object));
}

/** Where the kinds that are built in have their replicas. */
const builtIn: ScalePaths = {
  specReplicas: ['spec', 'replicas'],
  statusReplicas: ['status', 'replicas'],
  selector: ['spec', 'selector'],
};

function pathsOf(resource: Resource): ScalePaths {
  return customKindOf(resource)?.scale ?? builtIn;
}

/** How many a Scale asks for; 422 where it is no count. */
export function replicasOf(target: Target, scale: object): number {
  const replicas = valueAt(scale, ['spec', 'replicas']) ?? 0;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0) {
    const cause = invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0');
    throw invalid(target.resource, target.name ?? '', [cause]);
  }
  return replicas;
}

/** An object that says nothing but how many replicas it wants. */
export function wantedReplicas(resource: Resource, replicas: number): Record<string, unknown> {
  return withValueAt({}, pathsOf(resource).specReplicas, replicas);
}

function withReplicas(
  resource: Resource,
  { object }: Entry,
  { replicas, resourceVersion }: { replicas: number; resourceVersion: string },
): StoredObject {
  const metadata = resourceVersion === '' ? object.metadata : { ...object.metadata, resourceVersion };
  return { ...withValueAt(object, pathsOf(resource).specReplicas, replicas), ...typeOf(object), metadata };
}

function typeOf({ apiVersion, kind }: StoredObject): Pick<StoredObject, 'apiVersion' | 'kind'> {
  return { apiVersion, kind };
}

/** A copy with a value at a path; what is missing on the way is made. */
function withValueAt(
  object: Readonly<Record<string, unknown>>,
  [field, ...rest]: readonly string[],
  value: unknown,
): Record<string, unknown> {
  if (field === undefined) return { ...object };
  const inner = object[field];
  return {
    ...object,
    [field]: rest.length === 0 ? value : withValueAt(isObject(inner) ? inner : {}, rest, value),
  };
}

/** The autoscaling/v1 Scale of an object with replicas. */
export function scaleOf(resource: Resource, object: StoredObject): JsonObject {
  requireReplicas(resource, object);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const paths = pathsOf(resource);
  const selector = selectorText(object, paths);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name,
      namespace: namespace ?? '',
      uid: uid ?? '',
      resourceVersion: resourceVersion ?? '',
      creationTimestamp: creationTimestamp ?? null,
    },
    spec: { replicas: numberAt(object, paths.specReplicas) },
    status: {
      replicas: numberAt(object, paths.statusReplicas),
      ...((selector !== '' || paths === builtIn) && { selector }),
    },
  };
}

/** As upstream says it: what has no replicas cannot be scaled. */
function requireReplicas(resource: Resource, object: StoredObject): void {
  const path = customKindOf(resource)?.scale?.specReplicas;
  if (path === undefined || valueAt(object, path) !== undefined) return;
  const why = `the spec replicas field ".${path.join('.')}" does not exist`;
  throw new StatusError(500, 'InternalError', `Internal error occurred: ${why}`);
}

/** Of a custom resource it is a text already. */
function selectorText(object: StoredObject, { selector }: ScalePaths): string {
  const value = selector === undefined ? undefined : valueAt(object, selector);
  if (typeof value === 'string') return value;
  if (!isObject(value)) return '';
  // A ReplicationController selects by labels alone.
  const isPlain = Object.values(value).every((one) => typeof one === 'string');
  return selectorKey(isPlain ? { matchLabels: value } : value);
}
