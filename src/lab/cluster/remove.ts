import { resources, type Resource } from '../../api/resources.ts';
import { storedResources } from '../../api/served.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { apiCode } from '../../client/errors.ts';
import type { Mark } from '../../client/marked-client.ts';
import type { Client } from '../../client/port.ts';
import { forEachBounded } from '../../controllers/bounded.ts';
import { nameOf } from '../../controllers/pod-writes.ts';
import { customResourcesOf } from '../../controllers/custom-resources.ts';
import type { Clock } from '../../lib/clock.ts';
import { sleep } from '../../lib/sleep.ts';
import {
  belongingsOf,
  nameOfBelonging,
  nameOfResource,
  turnOf,
  type Belonging,
  type Gone,
} from './belongings.ts';

/** What became of what a lab had on a cluster. */
export interface Removal {
  /** How many objects were removed. */
  readonly removed: number;
  /** What is there still, each with why. */
  readonly left: readonly { readonly what: string; readonly why: string }[];
}

const waitMs = 100;
/** Objects may wait for somebody's finalizers, and others' controllers may make some of them again. */
const timeoutMs = 30_000;

/**
 * Removes what a lab has on a cluster: nothing else, and no definition of objects that others have. The lab's own
 * processes have ended; where the cluster has controllers of its own, those may help. Rejects as `Client.list`.
 */
export async function removeLab(client: Client, mark: Mark, clock: Clock): Promise<Removal> {
  const gone: Gone = { uids: new Set(), nodes: new Set(), namespaces: new Set() };
  const removed = new Set<string>();
  const deadline = clock.monotonic() + timeoutMs;
  for (;;) {
    const all = await everything(client);
    const { ours, kept } = withoutShared(belongingsOf(all, mark, gone), all);
    const isLate = clock.monotonic() > deadline;
    if (ours.length === 0 || isLate) {
      const late = ours.map((one) => ({ what: nameOfBelonging(one), why: whyLeft(one) }));
      return { removed: removed.size - late.length, left: [...kept, ...late] };
    }
    for (const { object } of ours) removed.add(object.metadata.uid ?? '');
    await removeOnce(client, ours);
    await sleep(clock, waitMs, new AbortController().signal);
  }
}

/** All objects of all kinds, each once. */
async function everything(client: Client): Promise<Belonging[]> {
  const { items: definitions } = await client.list(resources.customresourcedefinitions);
  // Versions are of the same objects.
  const custom = definitions.flatMap((definition) => customResourcesOf(definition).slice(0, 1));
  const builtIn = new Set(storedResources.map(nameOfResource));
  const all: Belonging[] = [];
  const kinds = [...storedResources, ...custom.filter((one) => !builtIn.has(nameOfResource(one)))];
  await forEachBounded(kinds, async (resource) => {
    for (const object of await listIfServed(client, resource)) all.push({ resource, object });
  });
  return all;
}

async function listIfServed(client: Client, resource: Resource): Promise<KubernetesObject[]> {
  try {
    return (await client.list(resource)).items;
  } catch (thrown) {
    if (apiCode(thrown) === 'api-not-found') return [];
    throw thrown;
  }
}

/** Definitions go with their objects, so that one of which others have some stays. */
function withoutShared(
  ours: readonly Belonging[],
  all: readonly Belonging[],
): { readonly ours: Belonging[]; readonly kept: Removal['left'] } {
  const own = new Set(ours);
  const shared = new Map<string, string>();
  for (const one of all) {
    if (!own.has(one)) shared.set(nameOfResource(one.resource), nameOfBelonging(one));
  }
  const usedBy = ({ resource, object }: Belonging): string | undefined =>
    resource === resources.customresourcedefinitions ? shared.get(object.metadata.name) : undefined;
  return {
    ours: ours.filter((one) => usedBy(one) === undefined),
    kept: ours.flatMap((one) => {
      const user = usedBy(one);
      return user === undefined ? [] : [{ what: nameOfBelonging(one), why: `${user} is of it` }];
    }),
  };
}

async function removeOnce(client: Client, ours: readonly Belonging[]): Promise<void> {
  const turns = [...new Set(ours.map(turnOf))].toSorted((a, b) => a - b);
  for (const turn of turns) {
    await forEachBounded(
      ours.filter((one) => turnOf(one) === turn),
      (one) => remove(client, one, ours),
    );
  }
}

async function remove(client: Client, one: Belonging, ours: readonly Belonging[]): Promise<void> {
  const { resource, object } = one;
  const { name, uid = '', deletionTimestamp } = object.metadata;
  if (deletionTimestamp !== undefined && resource === resources.namespaces) {
    const isEmpty = !ours.some(({ object: { metadata } }) => metadata.namespace === name);
    if (isEmpty) await unlessGone(client.finalizeNamespace(name));
    return;
  }
  // Nobody but this is left to say that a pod of the lab's nodes has ended.
  const isPod = resource === resources.pods;
  await unlessGone(client.delete(resource, nameOf(object), { uid, ...(isPod && { graceSeconds: 0 }) }));
}

/** Others may have been faster, or have made another of the same name. */
async function unlessGone(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (thrown) {
    if (!['api-not-found', 'api-conflict'].includes(apiCode(thrown) ?? '')) throw thrown;
  }
}

function whyLeft({ object }: Belonging): string {
  const { finalizers = [], deletionTimestamp } = object.metadata;
  if (finalizers.length > 0) return `it waits for ${finalizers.join(', ')}`;
  return deletionTimestamp === undefined ? 'it comes again' : 'it is being deleted';
}
