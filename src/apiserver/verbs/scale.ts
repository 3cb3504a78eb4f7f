import { selectorKey } from '../../api/selector.ts';
import { writerOf } from '../apply/owners.ts';
import { parseBody } from '../body.ts';
import { jsonResponse, type ApiRequest, type ApiResponse } from '../http/messages.ts';
import { isObject, numberAt, textAt, valueAt, type JsonObject, type StoredObject } from '../json.ts';
import type { Api } from '../port.ts';
import type { Target } from '../routes.ts';
import { badRequest, invalid, invalidValue } from '../status.ts';
import type { Entry } from '../store/port.ts';
import { writeOptionsOf } from './options.ts';
import { entryAt } from './read.ts';
import { replace } from './update.ts';

/** GET of a scale subresource (autoscaling/v1 Scale). */
export function getScale(api: Api, target: Target): ApiResponse {
  return jsonResponse(200, scaleOf(entryAt(api, target).object));
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
  const replicas = valueAt(scale, ['spec', 'replicas']) ?? 0;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0) {
    const cause = invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0');
    throw invalid(target.resource, target.name ?? '', [cause]);
  }
  const options = writeOptionsOf(request.query);
  const desired = withReplicas(current, replicas, textAt(scale, ['metadata', 'resourceVersion']));
  const owners = { writer: writerOf({ target, request }, { clock: api.clock, operation: 'Update' }) };
  const entry = replace(api, target.resource, { current, desired, options, owners });
  return jsonResponse(200, scaleOf(entry.object));
}

function withReplicas({ object }: Entry, replicas: number, resourceVersion: string): StoredObject {
  const spec = isObject(object['spec']) ? object['spec'] : {};
  const metadata = resourceVersion === '' ? object.metadata : { ...object.metadata, resourceVersion };
  return { ...object, metadata, spec: { ...spec, replicas } };
}

/** The autoscaling/v1 Scale of an object with replicas. */
export function scaleOf(object: StoredObject): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
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
    spec: { replicas: numberAt(object, ['spec', 'replicas']) },
    status: { replicas: numberAt(object, ['status', 'replicas']), selector: selectorText(object) },
  };
}

function selectorText(object: StoredObject): string {
  const selector = valueAt(object, ['spec', 'selector']);
  return isObject(selector) ? selectorKey(selector) : '';
}
