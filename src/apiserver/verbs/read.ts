import { jsonResponse, type ApiRequest, type ApiResponse } from '../http/messages.ts';
import type { Api } from '../port.ts';
import { representationOf } from '../representation.ts';
import type { ListMeta } from '../representation-port.ts';
import type { Target } from '../routes.ts';
import { selectionOf, type Selects } from '../selection.ts';
import { badRequest, expired, notFound, qualifiedName } from '../status.ts';
import type { Entry } from '../store/port.ts';
import type { Snapshot } from './snapshots.ts';

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

export async function getObject(api: Api, target: Target, request: ApiRequest): Promise<ApiResponse> {
  const representation = await representationOf(request, target.resource, api.clock);
  return jsonResponse(200, representation.one(entryAt(api, target)));
}

/** A list, whole or in pieces of `limit`; pieces after the first come from a snapshot. */
export async function listObjects(api: Api, target: Target, request: ApiRequest): Promise<ApiResponse> {
  const { query } = request;
  const representation = await representationOf(request, target.resource, api.clock);
  const selects = selectionOf(target, query);
  const limit = countOf(query, 'limit');
  const token = query.get('continue') ?? '';
  const { entries, resourceVersion } =
    token === '' ? listNow(api, { target, query, selects }) : api.snapshots.take(token);
  const cut = limit > 0 && entries.length > limit;
  const rest = cut ? entries.slice(limit) : [];
  const metadata: ListMeta = {
    resourceVersion: String(resourceVersion),
    ...(cut && { continue: api.snapshots.keep({ entries: rest, resourceVersion }) }),
    ...(cut && selects === undefined && { remainingItemCount: rest.length }),
  };
  return jsonResponse(200, representation.list(cut ? entries.slice(0, limit) : entries, metadata));
}

interface ListRequest {
  readonly target: Target;
  readonly query: URLSearchParams;
  readonly selects: Selects | undefined;
}

/** The newest state, which every `resourceVersion` that a client may ask for with "not older than" allows. */
function listNow(api: Api, { target, query, selects }: ListRequest): Snapshot {
  const { resourceVersion } = api.store;
  const wanted = query.get('resourceVersion') ?? '';
  if (query.get('resourceVersionMatch') === 'Exact' && wanted !== String(resourceVersion)) {
    throw expired(`The provided resource version is not available: ${wanted}`);
  }
  const all = api.store.list(qualifiedName(target.resource), target.namespace);
  return {
    entries: selects === undefined ? all : all.filter(({ object }) => selects(object)),
    resourceVersion,
  };
}

/** A query parameter that is a count; 0 when absent. Throws 400 for anything else. */
export function countOf(query: URLSearchParams, parameter: string): number {
  const text = query.get(parameter) ?? '';
  if (text === '') return 0;
  if (!/^\d{1,15}$/.test(text))
    throw badRequest(`${parameter} must be a whole number, not ${JSON.stringify(text)}`);
  return Number(text);
}

/** A flag of the query: present and not `false` or `0`. */
export function flagOf(query: URLSearchParams, parameter: string): boolean {
  const text = query.get(parameter);
  return text !== null && text !== 'false' && text !== '0';
}
