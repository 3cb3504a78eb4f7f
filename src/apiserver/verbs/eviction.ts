import { matchesSelector } from '../../api/selector.ts';
import { parseBody } from '../body.ts';
import { jsonResponse, type ApiRequest, type ApiResponse } from '../http/messages.ts';
import { arrayAt, isObject, textAt, valueAt, type StoredObject } from '../json.ts';
import type { Api } from '../port.ts';
import type { Target } from '../routes.ts';
import { badRequest, StatusError } from '../status.ts';
import type { Entry } from '../store/port.ts';
import { deleteObject } from './delete.ts';
import { entryAt } from './read.ts';

/**
 * POST to a pod's eviction subresource (policy/v1 Eviction), as `kubectl drain` does: deletes the pod unless a
 * PodDisruptionBudget would be broken, which is 429.
 */
export async function evictPod(api: Api, target: Target, request: ApiRequest): Promise<ApiResponse> {
  const { resource, namespace, name } = target;
  const deletion = await deletionOf(request);
  const pod = entryAt(api, target).object;
  if (!isOver(pod)) requireBudgets(api, pod);
  await deleteObject(
    api,
    { resource, ...(namespace !== undefined && { namespace }), ...(name !== undefined && { name }) },
    {
      ...request,
      method: 'DELETE',
      headers: withoutBodyType(request),
      body: Buffer.from(JSON.stringify(deletion)),
    },
  );
  return jsonResponse(201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
}

/** The eviction's `deleteOptions`; those of an eviction in protobuf are not read, nothing depends on them. */
async function deletionOf(request: ApiRequest): Promise<object> {
  if ((request.headers['content-type'] ?? '').includes('protobuf')) return {};
  const eviction = await parseBody(request);
  if (!isObject(eviction)) throw badRequest('the body is not an Eviction');
  const options = eviction['deleteOptions'] ?? {};
  if (!isObject(options)) throw badRequest('deleteOptions is not an object');
  return options;
}

function withoutBodyType({ headers }: ApiRequest): ApiRequest['headers'] {
  return { ...headers, 'content-type': 'application/json' };
}

function isOver(pod: StoredObject): boolean {
  return ['Succeeded', 'Failed', 'Pending'].includes(textAt(pod, ['status', 'phase']));
}

function requireBudgets(api: Api, pod: StoredObject): void {
  const { namespace = '', labels } = pod.metadata;
  const budgets = api.store.list('poddisruptionbudgets.policy', namespace).filter(({ object }) => {
    const selector = valueAt(object, ['spec', 'selector']);
    return isObject(selector) && matchesSelector(selector, labels);
  });
  const [budget] = budgets;
  if (budget === undefined) return;
  if (budgets.length > 1) {
    throw new StatusError(
      500,
      'InternalError',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  }
  const pods = api.store.list('pods', namespace).filter(({ object }) => selects(budget, object));
  const healthy = pods.filter(({ object }) => isReady(object)).length;
  const needed = neededBy(budget, pods.length);
  const left = healthy - (isReady(pod) ? 1 : 0);
  if (left >= needed) return;
  const message = `The disruption budget ${budget.object.metadata.name} needs ${needed} healthy pods and has ${healthy} currently`;
  throw new StatusError(
    429,
    'TooManyRequests',
    "Cannot evict pod as it would violate the pod's disruption budget.",
    {
      causes: [{ reason: 'DisruptionBudget', message }],
    },
  );
}

function selects({ object }: Entry, pod: StoredObject): boolean {
  const selector = valueAt(object, ['spec', 'selector']);
  return isObject(selector) && matchesSelector(selector, pod.metadata.labels);
}

function isReady(pod: StoredObject): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  return arrayAt(pod, ['status', 'conditions']).some(
    (condition) => textAt(condition, ['type']) === 'Ready' && textAt(condition, ['status']) === 'True',
  );
}

/** How many of `total` pods have to stay healthy. */
function neededBy({ object }: Entry, total: number): number {
  const unavailable = valueAt(object, ['spec', 'maxUnavailable']);
  if (unavailable !== undefined) return total - shareOf(unavailable, total);
  return shareOf(valueAt(object, ['spec', 'minAvailable']) ?? 1, total);
}

/** A number, or a percentage rounded up, as upstream's disruption controller rounds. */
function shareOf(value: unknown, total: number): number {
  if (typeof value === 'number') return value;
  const percent = /^(\d+)%$/.exec(typeof value === 'string' ? value : '')?.[1];
  return percent === undefined ? total : Math.ceil((Number(percent) / 100) * total);
}
