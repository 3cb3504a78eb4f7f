import { parseBody } from '../body.ts';
import { jsonResponse, type ApiRequest, type ApiResponse } from '../http/messages.ts';
import { arrayAt, isObject, textAt, type StoredObject } from '../json.ts';
import type { Api } from '../port.ts';
import type { Target } from '../routes.ts';
import { badRequest, conflict, qualifiedName } from '../status.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { writeOptionsOf } from './options.ts';
import { entryAt } from './read.ts';

/** POST to a pod's binding subresource: gives the pod its node, once. */
export async function bindPod(api: Api, target: Target, request: ApiRequest): Promise<ApiResponse> {
  const binding = await parseBody(request);
  const node = textAt(binding, ['target', 'name']);
  if (node === '') throw badRequest('the binding has no target.name');
  if (!['', 'Node'].includes(textAt(binding, ['target', 'kind'])))
    throw badRequest('the target of a binding is a Node');
  if (textAt(binding, ['metadata', 'name']) !== target.name)
    throw badRequest('name in URL does not match name in Binding object');
  const { object, key } = entryAt(api, target);
  const why = refusal(object, binding);
  if (why !== undefined) throw conflict(target.resource, object.metadata.name, why);
  if (!writeOptionsOf(request.query).dryRun) {
    api.store.put(qualifiedName(target.resource), key, bound(object, node, timestamp(api.clock.now())));
  }
  return jsonResponse(201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
}

/** Why the pod takes no node, or no longer is the pod that was meant; undefined where it does. */
function refusal(pod: StoredObject, binding: unknown): string | undefined {
  const { name, uid, resourceVersion, deletionTimestamp } = pod.metadata;
  const [meant, version] = ['uid', 'resourceVersion'].map((field) => textAt(binding, ['metadata', field]));
  if (meant !== '' && meant !== uid)
    return `Precondition failed: UID in precondition: ${meant}, UID in object meta: ${uid}`;
  if (version !== '' && version !== resourceVersion)
    return `Precondition failed: ResourceVersion in precondition: ${version}, ResourceVersion in object meta: ${resourceVersion}`;
  if (deletionTimestamp !== undefined) return `pod ${name} is being deleted, cannot be assigned to a host`;
  const taken = textAt(pod, ['spec', 'nodeName']);
  if (taken !== '') return `pod ${name} is already assigned to node "${taken}"`;
  const isGated = arrayAt(pod, ['spec', 'schedulingGates']).length > 0;
  return isGated ? `pod ${name} has non-empty .spec.schedulingGates` : undefined;
}

function bound(pod: StoredObject, nodeName: string, now: string): StoredObject {
  const spec = isObject(pod['spec']) ? pod['spec'] : {};
  const status = isObject(pod['status']) ? pod['status'] : {};
  const others = arrayAt(status, ['conditions']).filter((it) => textAt(it, ['type']) !== 'PodScheduled');
  const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime: now };
  return { ...pod, spec: { ...spec, nodeName }, status: { ...status, conditions: [...others, scheduled] } };
}
