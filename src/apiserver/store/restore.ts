import { isObject, sameJson, textAt, arrayAt, type StoredObject } from '../json.ts';
import type { Collection } from './collection.ts';
import type { Change, Entry, ObjectRow, Restored } from './port.ts';

/** What to write so that the objects are those of the rows, and how many of which kind that is. */
export interface Differences extends Omit<Restored, 'resourceVersion'> {
  /**
   * What goes is first: others may want its names and addresses. Owners go before what they own and come after it, so
   * that nobody makes in between what is missing of them.
   */
  readonly changes: readonly Change[];
}

interface Named {
  readonly resource: string;
  readonly key: string;
  readonly object: StoredObject;
}

/** An object that was made anew since then goes before it comes back: nobody knows it by another uid. */
export function differencesTo(
  rows: readonly ObjectRow[],
  collections: ReadonlyMap<string, Collection>,
): Differences {
  const wanted = new Set(rows.map(({ resource, key }) => `${resource} ${key}`));
  const gone = [...collections].flatMap(([resource, collection]) =>
    collection
      .list()
      .filter(({ key }) => !wanted.has(`${resource} ${key}`))
      .map(({ key, object }) => ({ resource, key, object })),
  );
  const replaced: Named[] = [];
  const puts: Named[] = [];
  let added = 0;
  for (const { resource, key, text } of rows) {
    const now = collections.get(resource)?.get(key);
    if (now?.text === text) continue;
    const object = JSON.parse(text) as StoredObject;
    if (now !== undefined && isSame(now, object)) continue;
    puts.push({ resource, key, object });
    if (now === undefined) added += 1;
    else if (now.object.metadata.uid !== object.metadata.uid)
      replaced.push({ resource, key, object: now.object });
  }
  const removals = ownersFirst([...gone, ...replaced]).map((change) => ({ ...change, object: undefined }));
  return {
    changes: [...removals, ...ownersFirst(puts).reverse()],
    added,
    changed: puts.length - added,
    removed: gone.length,
  };
}

/** Whatever their versions are: an object that was restored has another one than before. */
function isSame(now: Entry, object: StoredObject): boolean {
  return sameJson(unversioned(now.object), unversioned(object));
}

function unversioned(object: StoredObject): StoredObject {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Sorted by how many owners are above each, as far as these are among them. */
function ownersFirst(objects: readonly Named[]): Named[] {
  const byUid = new Map(objects.map(({ object }) => [object.metadata.uid, object]));
  const depths = new Map<StoredObject, number>();
  const depthOf = (object: StoredObject): number => {
    const known = depths.get(object);
    if (known !== undefined) return known;
    // Whoever owns itself by way of others ends here.
    depths.set(object, 0);
    const owners = arrayAt(object, ['metadata', 'ownerReferences']).filter(isObject);
    const above = owners
      .map((owner) => byUid.get(textAt(owner, ['uid'])))
      .filter((owner) => owner !== undefined);
    const depth = Math.max(0, ...above.map((owner) => depthOf(owner) + 1));
    depths.set(object, depth);
    return depth;
  };
  return objects.toSorted((one, other) => depthOf(one.object) - depthOf(other.object));
}
