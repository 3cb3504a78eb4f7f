import type { Pod } from '../../api/types/core.ts';
import type { KubernetesObject, OwnerReference } from '../../api/types/meta.ts';
import { controllerOf } from './owner.ts';
import { templateHashLabel } from './replica-set.ts';

/** What people call the pods of one manifest: written `NAMESPACE/NAME[KIND]`. */
export interface Workload {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
}

/** Finds the object behind a reference; undefined when it is not known. */
export type OwnerLookup = (reference: OwnerReference, namespace: string) => KubernetesObject | undefined;

/**
 * Who a pod belongs to: the end of its chain of controllers, or itself. Pods of a Deployment's ReplicaSet count
 * as the Deployment's, also where the ReplicaSet is not known: its name and the pod's template hash say it.
 */
export function workloadOf(pod: Pod, owners: OwnerLookup = () => undefined): Workload {
  const { namespace = 'default' } = pod.metadata;
  const reference = controllerOf(pod);
  if (reference === undefined) return { namespace, kind: 'Pod', name: pod.metadata.name };
  const owner = owners(reference, namespace);
  const above = owner === undefined ? deploymentByName(pod, reference) : controllerOf(owner);
  const { kind, name } = above ?? reference;
  return { namespace, kind, name };
}

/** `NAMESPACE/NAME[KIND]` */
export function workloadText({ namespace, name, kind }: Workload): string {
  return `${namespace}/${name}[${kind}]`;
}

function deploymentByName(
  pod: Pod,
  { kind, name }: OwnerReference,
): { kind: string; name: string } | undefined {
  const hash = pod.metadata.labels?.[templateHashLabel];
  if (kind !== 'ReplicaSet' || hash === undefined || !name.endsWith(`-${hash}`)) return undefined;
  return { kind: 'Deployment', name: name.slice(0, -hash.length - 1) };
}
