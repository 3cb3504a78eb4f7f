import { resources } from '../../api/resources.ts';
import { accountOf } from '../access/node-pods.ts';
import { parseBody } from '../body.ts';
import { jsonResponse, type ApiRequest, type ApiResponse } from '../http/messages.ts';
import type { BoundKind } from '../identity/claims.ts';
import { tokenIssuer } from '../identity/service-account-tokens.ts';
import { nodeOf } from '../identity/user.ts';
import { arrayAt, isObject, textAt, valueAt, type StoredObject } from '../json.ts';
import type { Api } from '../port.ts';
import type { Target } from '../routes.ts';
import { badRequest, conflict, forbidden, invalidValue, notFound, StatusError } from '../status.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { writeOptionsOf } from './options.ts';
import { entryAt } from './read.ts';

/** POST to a service account's token subresource (authentication.k8s.io/v1 TokenRequest). */
export async function requestToken(api: Api, target: Target, request: ApiRequest): Promise<ApiResponse> {
  const body = await parseBody(request);
  if (!isObject(body)) throw badRequest('the body is not a TokenRequest');
  const account = entryAt(api, target).object;
  const { dryRun } = writeOptionsOf(request.query);
  const named = arrayAt(body, ['spec', 'audiences']).filter((item) => typeof item === 'string');
  const audiences = named.length === 0 ? [tokenIssuer] : named;
  const expirationSeconds = lifetimeOf(body);
  const reference = valueAt(body, ['spec', 'boundObjectRef']);
  const bound = isObject(reference) ? boundTo(api, account, reference) : {};
  requireOwnPod(api, account, bound.pod);
  const { token, expires } = dryRun
    ? { token: '', expires: Math.floor(api.clock.now() / 1000) + expirationSeconds }
    : api.accounts.issue({ audiences, expirationSeconds, account, bound });
  const { name, namespace } = account.metadata;
  return jsonResponse(201, {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, creationTimestamp: timestamp(api.clock.now()) },
    spec: { audiences, expirationSeconds, boundObjectRef: isObject(reference) ? reference : null },
    status: { token, expirationTimestamp: timestamp(expires * 1000) },
  });
}

const shortest = 600;
const longest = 2 ** 32;

function lifetimeOf(body: Record<string, unknown>): number {
  const seconds = valueAt(body, ['spec', 'expirationSeconds']) ?? 3600;
  if (typeof seconds !== 'number' || !Number.isInteger(seconds))
    throw invalidLifetime(seconds, 'must be a whole number');
  if (seconds < shortest) throw invalidLifetime(seconds, 'may not specify a duration less than 10 minutes');
  if (seconds > longest)
    throw invalidLifetime(seconds, 'may not specify a duration larger than 2^32 seconds');
  return seconds;
}

function invalidLifetime(value: unknown, why: string): StatusError {
  const cause = invalidValue('spec.expirationSeconds', value, why);
  const message = `TokenRequest.authentication.k8s.io "" is invalid: ${cause.field}: ${cause.message}`;
  const details = { group: 'authentication.k8s.io', kind: 'TokenRequest', causes: [cause] };
  return new StatusError(422, 'Invalid', message, details);
}

type Bound = Partial<Record<BoundKind, StoredObject>>;

/** What the token is to end with: a pod (and the node it is on), a Secret or a Node. */
function boundTo(api: Api, account: StoredObject, reference: Record<string, unknown>): Bound {
  const plural = pluralOf(reference);
  const { name: accountName, namespace = '' } = account.metadata;
  const name = textAt(reference, ['name']);
  const object = api.store.get(plural, plural === 'nodes' ? name : `${namespace}/${name}`)?.object;
  if (object === undefined) throw notFound(resources[plural], name);
  requireSame(reference, object, accountName);
  if (plural === 'nodes') return { node: object };
  return plural === 'secrets' ? { secret: object } : boundToPod(api, object, accountName);
}

function boundToPod(api: Api, pod: StoredObject, account: string): Bound {
  if (accountOf(pod) !== account) {
    throw badRequest(
      `cannot bind token for serviceaccount "${account}" to pod running with different serviceaccount name.`,
    );
  }
  const node = api.store.get('nodes', textAt(pod, ['spec', 'nodeName']))?.object;
  return { pod, ...(node !== undefined && { node }) };
}

function pluralOf(reference: Record<string, unknown>): 'pods' | 'secrets' | 'nodes' {
  const [apiVersion, kind] = [textAt(reference, ['apiVersion']) || 'v1', textAt(reference, ['kind'])];
  const plural = apiVersion === 'v1' && Object.hasOwn(boundPlurals, kind) ? boundPlurals[kind] : undefined;
  if (plural !== undefined) return plural;
  throw badRequest(`cannot bind token to object of type ${apiVersion}, Kind=${kind}`);
}

const boundPlurals: Readonly<Record<string, 'pods' | 'secrets' | 'nodes'>> = {
  Pod: 'pods',
  Secret: 'secrets',
  Node: 'nodes',
};

function requireSame(reference: Record<string, unknown>, object: StoredObject, account: string): void {
  const uid = textAt(reference, ['uid']);
  if (uid === '' || uid === object.metadata.uid) return;
  const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
  throw conflict(resources.serviceaccounts, account, why);
}

/** A node gets tokens for its own pods only, each bound to one (NodeRestriction). */
function requireOwnPod({ user }: Api, account: StoredObject, pod: StoredObject | undefined): void {
  const node = user && nodeOf(user);
  if (node === undefined) return;
  const why =
    pod === undefined
      ? `node "${node}" can only request tokens bound to a pod`
      : `node "${node}" can only request tokens bound to its own pods`;
  if (pod === undefined || textAt(pod, ['spec', 'nodeName']) !== node) {
    throw forbidden(resources.serviceaccounts, account.metadata.name, { why });
  }
}
