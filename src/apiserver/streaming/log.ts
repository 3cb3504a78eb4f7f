import type { ApiRequest, ApiResponse } from '../http/messages.ts';
import type { Api } from '../port.ts';
import type { Target } from '../routes.ts';
import { badRequest } from '../status.ts';
import { countOf, flagOf } from '../verbs/query.ts';
import { limitTo } from './limit.ts';
import { opened, podOf, portsOf, streamsOf } from './pod.ts';
import type { LogWanted } from './port.ts';

/** GET of a pod's log (core/v1 PodLogOptions): what the container's ports answered. */
export async function readLog(api: Api, target: Target, { query }: ApiRequest): Promise<ApiResponse> {
  const { place, container } = podOf(api, target, query.get('container'));
  const wanted = wantedOf(query, api.clock.now());
  if (flagOf(query, 'previous')) {
    const name = `${target.namespace}/${place.name}`;
    throw badRequest(`previous terminated container not found: nothing of ${name} has ended`);
  }
  const relay = await opened(streamsOf(api).log(place, { ...wanted, ports: portsOf(container) }));
  const limit = countOf(query, 'limitBytes');
  return {
    status: 200,
    headers: { 'content-type': 'text/plain' },
    relay: limit === 0 ? relay : limitTo(relay, limit),
  };
}

function wantedOf(query: URLSearchParams, now: number): Omit<LogWanted, 'ports'> {
  const since = sinceOf(query, now);
  return {
    follow: flagOf(query, 'follow'),
    timestamps: flagOf(query, 'timestamps'),
    ...(query.has('tailLines') && { tail: countOf(query, 'tailLines') }),
    ...(since !== undefined && { since }),
  };
}

function sinceOf(query: URLSearchParams, now: number): number | undefined {
  const time = query.get('sinceTime');
  if (query.has('sinceSeconds')) {
    if (time !== null) throw badRequest('at most one of sinceTime or sinceSeconds may be specified');
    return Math.max(0, now - countOf(query, 'sinceSeconds') * 1000);
  }
  if (time === null) return undefined;
  const since = Date.parse(time);
  if (Number.isNaN(since)) throw badRequest(`sinceTime is no time: ${JSON.stringify(time)}`);
  return Math.max(0, since);
}
