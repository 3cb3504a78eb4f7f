import { nodeLeaseNamespace } from '../../api/lease.ts';
import { keyOf, resources, type Resource } from '../../api/resources.ts';
import type { CoreEvent, Pod } from '../../api/types/core.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { isMarked, type Mark } from '../../client/marked-client.ts';

/** The annotation of everything that a lab made on a cluster that is not its own: `LAB@MACHINE`. */
export const labAnnotation = 'weft.dev/lab';

export function labMark(value: string): Mark {
  return { annotation: labAnnotation, value };
}

/** An object and how it is addressed. */
export interface Belonging {
  readonly resource: Resource;
  readonly object: KubernetesObject;
}

/** What is known of a lab's objects that are gone already: others may belong to them. */
export interface Gone {
  readonly uids: Set<string>;
  /** Names of nodes and of namespaces. */
  readonly nodes: Set<string>;
  readonly namespaces: Set<string>;
}

/**
 * What of a cluster's objects is a lab's: what has its mark, everything in its namespaces, pods on its nodes, what is
 * owned by these alone, and what was told about these. Notes all of it in `gone`.
 */
export function belongingsOf(all: readonly Belonging[], mark: Mark, gone: Gone): Belonging[] {
  const there = new Set(all.map(({ object }) => object.metadata.uid ?? ''));
  const found = new Set<Belonging>();
  const isOwned = ({ metadata: { ownerReferences = [] } }: KubernetesObject): boolean =>
    ownerReferences.some(({ uid }) => gone.uids.has(uid)) &&
    ownerReferences.every(({ uid }) => gone.uids.has(uid) || !there.has(uid));
  // Owners may come after what they own: until nothing more is found.
  for (let before = -1; before < found.size;) {
    before = found.size;
    for (const one of all) {
      if (found.has(one)) continue;
      const { object } = one;
      if (!isMarked(object, mark) && !isOwned(object) && !isIn(one, gone)) continue;
      found.add(one);
      note(one, gone);
    }
  }
  return [...found];
}

function note({ resource, object }: Belonging, gone: Gone): void {
  const { name, uid = '' } = object.metadata;
  gone.uids.add(uid);
  if (resource === resources.nodes) gone.nodes.add(name);
  if (resource === resources.namespaces) gone.namespaces.add(name);
}

function isIn({ resource, object }: Belonging, gone: Gone): boolean {
  const { namespace = '', name } = object.metadata;
  if (gone.namespaces.has(namespace)) return true;
  if (resource === resources.pods) return gone.nodes.has((object as Pod).spec.nodeName ?? '');
  if (resource.kind === 'Lease') return namespace === nodeLeaseNamespace && gone.nodes.has(name);
  if (resource !== resources.events) return false;
  return gone.uids.has((object as CoreEvent).involvedObject.uid ?? '');
}

/** Kinds whose controllers would make again what is removed: they go first. */
const makers = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob']);
/** These go last: what is in them, or is somebody by them, comes before. */
const last = ['Namespace', 'Node', 'ClusterRoleBinding', 'ClusterRole', 'CustomResourceDefinition'];

/** In which turn an object is removed. */
export function turnOf({ resource: { kind } }: Belonging): number {
  if (makers.has(kind)) return 0;
  return 2 + last.indexOf(kind);
}

/** `Pod shop/web-0` */
export function nameOfBelonging({ resource, object }: Belonging): string {
  return `${resource.kind} ${keyOf(object)}`;
}

/** `ipaddresspools.metallb.io`, as its definition is called. */
export function nameOfResource({ plural, group }: Resource): string {
  return `${plural}.${group}`;
}
