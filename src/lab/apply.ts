import { isDeepStrictEqual } from 'node:util';
import { apiVersionOf, keyOf, knownResources, resourceOf, type Resource } from '../api/resources.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import { WeftError } from '../lib/errors.ts';
import { isMarked, marked, type Mark } from '../client/marked-client.ts';
import type { Client, ObjectName } from '../client/port.ts';
import { nameOf } from '../controllers/pod-writes.ts';
import { objectsOfOthers } from './cluster/others.ts';
import { accountsOfPods } from './cluster/service-accounts.ts';

/** What became of one object of an `up -f`. */
export interface Applied {
  readonly resource: Resource;
  readonly name: ObjectName;
  readonly outcome: 'created' | 'configured' | 'unchanged' | 'removed';
}

/** Holds what `up` last asked for, as JSON: what it no longer names is removed, as in `kubectl apply --prune`. */
const lastAppliedAnnotation = 'weft.dev/last-applied';

/** Objects of kinds that others refer to come first, and pools before the Services that are given addresses of them. */
const firstKinds = ['Namespace', 'ServiceAccount', 'ConfigMap', 'Secret', 'IPAddressPool'];

/**
 * Makes the cluster hold these objects as given: creates what is missing, patches what differs from what an
 * earlier call asked for, and removes what an earlier call created and this one does not name. Idempotent.
 * With a mark the cluster may be others' too: of earlier calls only those with this mark count, and what others made
 * stays as it is. Rejects with `objects-not-own`, before anything is applied, where that is not as it is asked for, and
 * with the API server's own error; objects before it in the list stay applied.
 */
export async function applyObjects(
  client: Client,
  given: readonly KubernetesObject[],
  mark?: Mark,
): Promise<Applied[]> {
  const objects = given
    .map(inOwnVersion)
    .map((object) => (mark === undefined ? object : marked(object, mark)));
  const first = objects.filter(({ kind }) => firstKinds.includes(kind));
  const rest = objects.filter(({ kind }) => !firstKinds.includes(kind));
  const before = await listApplied(client, mark);
  const others = mark === undefined ? new Set() : await objectsOfOthers(client, objects, mark);
  const isOwn = (object: KubernetesObject): boolean => !others.has(object);
  const applied = objects
    .filter((object) => !isOwn(object))
    .map((object): Applied => ({ ...addressOf(object), outcome: 'unchanged' }));
  for (const group of [first.filter(isOwn), rest.filter(isOwn)]) {
    if (mark !== undefined) await accountsOfPods(client, group);
    applied.push(...(await Promise.all(group.map((object) => applyObject(client, object, before)))));
  }
  const named = new Set(objects.map(idOf));
  const gone = [...before].filter(([id]) => !named.has(id)).map(([, object]) => object);
  return [...applied, ...(await Promise.all(gone.map((object) => removeObject(client, object))))];
}

/** In the version that the resource is asked in, where several versions have the same fields. */
function inOwnVersion(object: KubernetesObject): KubernetesObject {
  const resource = resourceOf(object);
  return resource === undefined ? object : { ...object, apiVersion: apiVersionOf(resource) };
}

const idOf = (object: KubernetesObject): string => `${object.apiVersion} ${object.kind} ${keyOf(object)}`;

/** What earlier calls applied, by id. */
async function listApplied(client: Client, mark: Mark | undefined): Promise<Map<string, KubernetesObject>> {
  const lists = await Promise.all(
    knownResources.map(async (resource) => {
      const items = await listIfServed(client, resource);
      return items.map((item) => ({ ...item, apiVersion: apiVersionOf(resource), kind: resource.kind }));
    }),
  );
  const ours = lists
    .flat()
    .filter((object) => object.metadata.annotations?.[lastAppliedAnnotation] !== undefined)
    .filter((object) => mark === undefined || isMarked(object, mark));
  return new Map(ours.map((object) => [idOf(object), object]));
}

/** An older lab, or another cluster, may not serve all that Weft understands. */
async function listIfServed(client: Client, resource: Resource): Promise<KubernetesObject[]> {
  try {
    return (await client.list(resource)).items;
  } catch (error) {
    if (error instanceof WeftError && error.code === 'api-not-found') return [];
    throw error;
  }
}

async function applyObject(
  client: Client,
  object: KubernetesObject,
  before: ReadonlyMap<string, KubernetesObject>,
): Promise<Applied> {
  const { resource, name } = addressOf(object);
  const lastApplied = JSON.stringify(object);
  const annotations = { ...object.metadata.annotations, [lastAppliedAnnotation]: lastApplied };
  const wanted = { ...object, metadata: { ...object.metadata, annotations } };
  const known = before.get(idOf(object));
  const existing = known ?? (await client.get(resource, name));
  if (existing === undefined) {
    await client.create(resource, wanted);
    return { resource, name, outcome: 'created' };
  }
  const previous = existing.metadata.annotations?.[lastAppliedAnnotation];
  if (previous === lastApplied) return { resource, name, outcome: 'unchanged' };
  const base = previous === undefined ? {} : (JSON.parse(previous) as object);
  await client.patch(resource, name, { body: { ...patchTowards(base, wanted) } });
  return { resource, name, outcome: 'configured' };
}

async function removeObject(client: Client, object: KubernetesObject): Promise<Applied> {
  const { resource, name } = addressOf(object);
  await client.delete(resource, name);
  return { resource, name, outcome: 'removed' };
}

function addressOf(object: KubernetesObject): Pick<Applied, 'resource' | 'name'> {
  return { resource: resourceFor(object), name: nameOf(object) };
}

function resourceFor(object: KubernetesObject): Resource {
  const resource = resourceOf(object);
  if (resource === undefined) throw new Error(`${object.apiVersion} ${object.kind} is not served`);
  return resource;
}

/**
 * The JSON merge patch (RFC 7386) that brings an object to `wanted` and takes away what `base`, the earlier wish,
 * had and `wanted` has not. Fields that neither names are somebody else's and stay.
 */
export function patchTowards(base: object, wanted: object): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  const [before, after] = [new Map(Object.entries(base)), new Map(Object.entries(wanted))];
  for (const key of before.keys()) if (!after.has(key)) patch[key] = null;
  for (const [key, value] of after) {
    const old: unknown = before.get(key);
    if (isDeepStrictEqual(old, value)) continue;
    patch[key] = isRecord(value) ? patchTowards(isRecord(old) ? old : {}, value) : value;
  }
  return patch;
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
