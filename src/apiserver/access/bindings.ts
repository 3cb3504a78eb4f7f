import { serviceAccountUserName, type User } from '../identity/user.ts';
import { arrayAt, isObject, textAt, type StoredObject } from '../json.ts';
import type { Store } from '../store/port.ts';

export const rbacGroup = 'rbac.authorization.k8s.io';

/** The four resources of RBAC, as the store names them. */
export const rbacStores = {
  roles: `roles.${rbacGroup}`,
  roleBindings: `rolebindings.${rbacGroup}`,
  clusterRoles: `clusterroles.${rbacGroup}`,
  clusterRoleBindings: `clusterrolebindings.${rbacGroup}`,
} as const;

/** One subject of a binding. */
export interface Bound {
  /** Of the binding: namespaces' are before clusters', each sorted by key. */
  readonly binding: string;
  readonly namespace: string;
  readonly role: { readonly store: string; readonly key: string };
  /** How upstream describes it. */
  readonly reason: string;
}

/** Who is bound: by the word of a subject, cluster-wide under the namespace ''. */
export interface Bindings {
  of(subject: string, namespace: string): readonly Bound[];
  /** Ends following the store. */
  stop(): void;
}

/**
 * Follows the bindings of the store. `changed` is told of everything that can change a decision: of the subjects that
 * it is about, as `NAMESPACE SUBJECT`; without them, of all.
 */
export function followBindings(store: Store, changed: (subjects?: readonly string[]) => void): Bindings {
  const bySubject = new Map<string, Map<string, Bound>>();
  const wordsByBinding = new Map<string, readonly string[]>();

  const drop = (id: string): readonly string[] => {
    const words = wordsByBinding.get(id) ?? [];
    for (const word of words) {
      const bound = bySubject.get(word);
      bound?.delete(id);
      if (bound?.size === 0) bySubject.delete(word);
    }
    wordsByBinding.delete(id);
    return words;
  };
  const keep = (id: string, object: StoredObject): readonly string[] => {
    const words: string[] = [];
    const namespace = object.metadata.namespace ?? '';
    for (const subject of arrayAt(object, ['subjects']).filter(isObject)) {
      const word = subjectWord(subject, namespace);
      if (word === undefined) continue;
      const place = `${namespace} ${word}`;
      const bound = bySubject.get(place) ?? new Map<string, Bound>();
      bySubject.set(place, bound);
      // The first subject that fits is the one that is told of.
      if (!bound.has(id)) bound.set(id, boundOf(object, subject));
      words.push(place);
    }
    wordsByBinding.set(id, words);
    return words;
  };
  const follow = (resource: string): (() => void) => {
    for (const { key, object } of store.list(resource)) keep(`${resource} ${key}`, object);
    return store.watch(resource, store.resourceVersion, ({ type, entry }) => {
      const id = `${resource} ${entry.key}`;
      const before = drop(id);
      changed(type === 'DELETED' ? before : [...before, ...keep(id, entry.object)]);
    });
  };
  const ends = [
    follow(rbacStores.clusterRoleBindings),
    follow(rbacStores.roleBindings),
    ...[rbacStores.clusterRoles, rbacStores.roles].map((resource) =>
      store.watch(resource, store.resourceVersion, () => changed()),
    ),
  ];
  return {
    of: (subject, namespace) =>
      [...(bySubject.get(`${namespace} ${subject}`)?.values() ?? [])].sort((a, b) =>
        a.binding < b.binding ? -1 : 1,
      ),
    stop: () => ends.forEach((end) => end()),
  };
}

/** The words under which a user is found. */
export function subjectWords({ name, groups }: User): string[] {
  return [`User ${name}`, ...groups.map((group) => `Group ${group}`)];
}

/** A service account is bound as the user that it is; undefined for what is no subject. */
function subjectWord(subject: Record<string, unknown>, bindingNamespace: string): string | undefined {
  const [kind, name] = [textAt(subject, ['kind']), textAt(subject, ['name'])];
  if (name === '') return undefined;
  if (kind === 'User' || kind === 'Group') return `${kind} ${name}`;
  if (kind !== 'ServiceAccount') return undefined;
  const namespace = textAt(subject, ['namespace']) || bindingNamespace;
  return namespace === '' ? undefined : `User ${serviceAccountUserName(namespace, name)}`;
}

function boundOf(object: StoredObject, subject: Record<string, unknown>): Bound {
  const { name, namespace = '' } = object.metadata;
  const [kind, role] = [textAt(object, ['roleRef', 'kind']), textAt(object, ['roleRef', 'name'])];
  const isNamespaced = kind === 'Role';
  const [type, said] =
    namespace === '' ? ['ClusterRoleBinding', name] : ['RoleBinding', `${name}/${namespace}`];
  return {
    binding: name,
    namespace,
    role: {
      store: isNamespaced ? rbacStores.roles : rbacStores.clusterRoles,
      key: isNamespaced ? `${namespace}/${role}` : role,
    },
    reason: `RBAC: allowed by ${type} "${said}" of ${kind} "${role}" to ${described(subject, namespace)}`,
  };
}

function described(subject: Record<string, unknown>, bindingNamespace: string): string {
  const [kind, name] = [textAt(subject, ['kind']), textAt(subject, ['name'])];
  if (kind !== 'ServiceAccount') return `${kind} "${name}"`;
  return `${kind} "${name}/${textAt(subject, ['namespace']) || bindingNamespace}"`;
}
