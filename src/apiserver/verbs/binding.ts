import { parseBody } from '../body.ts';
import { jsonResponse, type ApiRequest, type ApiResponse } from '../http/messages.ts';
import { arrayAt, isObject, textAt, type StoredObject } from '../json.ts';
import type { Api } from '../port.ts';
import type { Target } from '../routes.ts';
import { badRequest, conflict, qualifiedName } from '../status.ts';
import { timestamp } from './create.ts';
import { writeOptionsOf } from './options.ts';
import { entryAt } from './read.ts';

/** POST to a pod's binding subresource: gives the pod its node, once. */
export async function bindPod(api: Api, target: Target, request: ApiRequest): Promise<ApiResponse> {
  const binding = await parseBody(request);
  const { object, key } = entryAt(api, target);
  const node = textAt(binding, ['target', 'name']);
  if (node === '') throw badRequest('the binding has no target.name');
  const { name, deletionTimestamp } = object.metadata;
  const taken = textAt(object, ['spec', 'nodeName']);
  if (taken !== '')
    throw conflict(target.resource, name, `pod ${name} is already assigned to node "${taken}"`);
  if (deletionTimestamp !== undefined) throw conflict(target.resource, name, `pod ${name} is being deleted`);
  if (!writeOptionsOf(request.query).dryRun) {
    api.store.put(qualifiedName(target.resource), key, bound(object, node, timestamp(api)));
  }
  return jsonResponse(201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
}

function bound(pod: StoredObject, nodeName: string, now: string): StoredObject {
  const spec = isObject(pod['spec']) ? pod['spec'] : {};
  const status = isObject(pod['status']) ? pod['status'] : {};
  const others = arrayAt(status, ['conditions']).filter((it) => textAt(it, ['type']) !== 'PodScheduled');
  const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime: now };
  return { ...pod, spec: { ...spec, nodeName }, status: { ...status, conditions: [...others, scheduled] } };
}
