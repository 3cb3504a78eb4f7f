import { isDeepStrictEqual } from 'node:util';
import { keyOf, resourceOf } from '../../api/resources.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { isMarked, type Mark } from '../../client/marked-client.ts';
import { mergePatch } from '../../client/merge-patch.ts';
import type { Client } from '../../client/port.ts';
import { forEachBounded } from '../../controllers/bounded.ts';
import { nameOf } from '../../controllers/pod-writes.ts';
import { WeftError } from '../../lib/errors.ts';

/**
 * The objects among those that are asked for that somebody else has made on a cluster, just so. Rejects with
 * `objects-not-own` where somebody has made them otherwise: a lab changes nothing that is not its own.
 */
export async function objectsOfOthers(
  client: Client,
  objects: readonly KubernetesObject[],
  mark: Mark,
): Promise<ReadonlySet<KubernetesObject>> {
  const found = new Set<KubernetesObject>();
  const different: string[] = [];
  await forEachBounded(objects, async (object) => {
    const resource = resourceOf(object);
    // A lab's own ClusterNetwork is compared when it is made.
    if (resource === undefined || object.kind === 'ClusterNetwork') return;
    const existing = await client.get(resource, nameOf(object));
    if (existing === undefined || isMarked(existing, mark)) return;
    found.add(object);
    if (!holds(existing, object)) different.push(`${object.kind} ${keyOf(object)}`);
  });
  if (different.length === 0) return found;
  const names = different.toSorted().join(', ');
  throw new WeftError(
    'objects-not-own',
    `on this cluster somebody else has made ${names}, and not the same`,
    {
      fault: 'input',
      hint: 'leave it out of the manifests, or remove it there; nothing was applied',
    },
  );
}

/** Whether an object says already what is asked for; what it says besides is its owner's. */
function holds(existing: KubernetesObject, { metadata: { labels }, ...asked }: KubernetesObject): boolean {
  const wanted = { ...asked, ...(labels && { metadata: { labels } }) };
  return isDeepStrictEqual(mergePatch(existing, wanted), existing);
}
