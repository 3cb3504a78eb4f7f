import { jsonResponse, type ApiRequest, type ApiResponse } from '../http/messages.ts';
import type { Api } from '../port.ts';
import { representationOf } from '../representation.ts';
import type { Target } from '../routes.ts';
import { notFound, qualifiedName } from '../status.ts';
import type { Entry } from '../store/port.ts';
import { countOf } from './query.ts';
import { requireReached } from './versions.ts';

/** `namespace/name`, or `name`: the key of the object that a path names. */
export function keyOfTarget(target: Target): string {
  const { namespace, name = '' } = target;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The object a path names; throws 404. */
export function entryAt(api: Api, target: Target): Entry {
  const entry = api.store.get(qualifiedName(target.resource), keyOfTarget(target));
  if (entry === undefined) throw notFound(target.resource, target.name ?? '');
  return entry;
}

/** The newest state of an object, which is at least as new as any version that was ever told of. */
export async function getObject(api: Api, target: Target, request: ApiRequest): Promise<ApiResponse> {
  const representation = await representationOf(request, target.resource, api.clock);
  requireReached(api.store, countOf(request.query, 'resourceVersion'));
  return jsonResponse(200, representation.one(entryAt(api, target)));
}
