import { isObject, textAt, valueAt, type StoredObject } from '../json.ts';
import type { Entry, Store } from '../store/port.ts';

/** Which pods are on which node, and what those need. */
export interface NodePods {
  /** Pods of a node, by `namespace/name`. */
  of(node: string): Iterable<StoredObject>;
  stop(): void;
}

/** Starts to follow the store when it is first asked: a cluster without nodes' identities pays nothing for it. */
export function followNodePods(store: Store): NodePods {
  let end: (() => void) | undefined;
  const byNode = new Map<string, Map<string, StoredObject>>();
  const take = ({ key, object }: Entry): void => {
    const node = textAt(object, ['spec', 'nodeName']);
    if (node === '') return;
    const pods = byNode.get(node) ?? new Map<string, StoredObject>();
    byNode.set(node, pods);
    pods.set(key, object);
  };
  const start = (): (() => void) => {
    for (const entry of store.list('pods')) take(entry);
    return store.watch('pods', store.resourceVersion, ({ type, entry, previous }) => {
      const before = textAt(previous?.object, ['spec', 'nodeName']);
      byNode.get(before)?.delete(entry.key);
      if (byNode.get(before)?.size === 0) byNode.delete(before);
      if (type !== 'DELETED') take(entry);
    });
  };
  return {
    of(node) {
      end ??= start();
      return byNode.get(node)?.values() ?? [];
    },
    stop: () => end?.(),
  };
}

/** The service account of a pod; every pod has one. */
export function accountOf(pod: StoredObject): string {
  return textAt(pod, ['spec', 'serviceAccountName']) || 'default';
}

/** Whether a pod mounts, reads or pulls with a Secret, ConfigMap or PersistentVolumeClaim of this name. */
export function refersTo(pod: StoredObject, resource: string, name: string): boolean {
  const paths = Object.hasOwn(references, resource) ? references[resource] : undefined;
  return (paths ?? []).some((path) => namesAt(valueAt(pod, ['spec']), path).includes(name));
}

const containers = ['containers', 'initContainers', 'ephemeralContainers'];

/** Where in a pod's spec names of each resource stand; lists on the way are gone through. */
const references: Readonly<Record<string, readonly (readonly string[])[]>> = {
  secrets: [
    ['imagePullSecrets', 'name'],
    ['volumes', 'secret', 'secretName'],
    ['volumes', 'projected', 'sources', 'secret', 'name'],
    ...containers.flatMap((list) => [
      [list, 'env', 'valueFrom', 'secretKeyRef', 'name'],
      [list, 'envFrom', 'secretRef', 'name'],
    ]),
  ],
  configmaps: [
    ['volumes', 'configMap', 'name'],
    ['volumes', 'projected', 'sources', 'configMap', 'name'],
    ...containers.flatMap((list) => [
      [list, 'env', 'valueFrom', 'configMapKeyRef', 'name'],
      [list, 'envFrom', 'configMapRef', 'name'],
    ]),
  ],
  persistentvolumeclaims: [['volumes', 'persistentVolumeClaim', 'claimName']],
};

function namesAt(value: unknown, [field, ...rest]: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((item) => namesAt(item, [field ?? '', ...rest]));
  if (field === undefined || field === '') return [value];
  if (!isObject(value)) return [];
  const inner = Object.hasOwn(value, field) ? value[field] : undefined;
  if (rest.length === 0) return [inner];
  return Array.isArray(inner) ? inner.flatMap((item) => namesAt(item, rest)) : namesAt(inner, rest);
}
