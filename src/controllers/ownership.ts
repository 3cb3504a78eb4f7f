import type { KubernetesObject } from '../api/types/meta.ts';

/** Who belongs to whom, by the uids in ownerReferences; ids are the caller's names of objects. */
export interface Ownership {
  /** What the change of an object means: whether it has new owners, and which objects lost it as theirs. */
  changed(
    id: string,
    previous: KubernetesObject | undefined,
    current: KubernetesObject | undefined,
  ): { readonly added: boolean; readonly lost: readonly string[] };
  dependentsOf(uid: string): readonly string[];
  /** Whether the object was seen to go while others belonged to it; remembered as long as these do. */
  isGone(uid: string): boolean;
}

export function createOwnership(): Ownership {
  const dependents = new Map<string, Set<string>>();
  const gone = new Set<string>();

  const remember = (uid: string, id: string): void => {
    const ids = dependents.get(uid);
    if (ids === undefined) dependents.set(uid, new Set([id]));
    else ids.add(id);
  };
  const forget = (uid: string, id: string): void => {
    const ids = dependents.get(uid);
    ids?.delete(id);
    if (ids?.size !== 0) return;
    dependents.delete(uid);
    gone.delete(uid);
  };
  /** Its dependents, or those of the object that stood at its place before. */
  const widows = (uid: string | undefined): readonly string[] => {
    const ids = dependents.get(uid ?? '');
    if (uid === undefined || ids === undefined) return [];
    gone.add(uid);
    return [...ids];
  };
  return {
    changed(id, previous, current) {
      const [before, now] = [ownerUids(previous), ownerUids(current)];
      for (const uid of before) if (!now.includes(uid)) forget(uid, id);
      for (const uid of now) remember(uid, id);
      const isReplaced = previous !== undefined && previous.metadata.uid !== current?.metadata.uid;
      return {
        added: now.length > 0 && now.join() !== before.join(),
        lost: isReplaced ? widows(previous.metadata.uid) : [],
      };
    },
    dependentsOf: (uid) => [...(dependents.get(uid) ?? [])],
    isGone: (uid) => gone.has(uid),
  };
}

function ownerUids(object: KubernetesObject | undefined): string[] {
  return (object?.metadata.ownerReferences ?? []).map(({ uid }) => uid);
}
