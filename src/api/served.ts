import { resources, type Resource } from './resources.ts';
import { acceptedKinds, type AcceptedKind } from './schema/accepted.ts';

/** Short names that people type, of kinds that are only stored. */
const shortNames: Readonly<Record<string, readonly string[]>> = {
  Ingress: ['ing'],
  PodDisruptionBudget: ['pdb'],
  HorizontalPodAutoscaler: ['hpa'],
  CronJob: ['cj'],
  ReplicationController: ['rc'],
  PersistentVolumeClaim: ['pvc'],
  PersistentVolume: ['pv'],
  StorageClass: ['sc'],
  PriorityClass: ['pc'],
  LimitRange: ['limits'],
  ResourceQuota: ['quota'],
};

const withoutStatus = new Set(['IngressClass', 'StorageClass', 'PriorityClass', 'Lease', 'LimitRange']);

/** A kind that the network does not interpret, as a resource: what applications bring along applies and is kept. */
function acceptedResource({ apiVersion, kind, namespaced }: AcceptedKind): Resource {
  const [version = '', group = ''] = apiVersion.split('/').toReversed();
  const singular = kind.toLowerCase();
  const hasStatus = !withoutStatus.has(kind) && group !== 'rbac.authorization.k8s.io';
  return {
    group,
    version,
    kind,
    singular,
    plural: singular.endsWith('s') ? `${singular}es` : `${singular}s`,
    shortNames: shortNames[kind] ?? [],
    namespaced,
    subresources: [...(hasStatus ? ['status'] : []), ...(kind === 'ReplicationController' ? ['scale'] : [])],
  };
}

/** All served resources: those the network interprets first. */
export const servedResources: readonly Resource[] = [
  ...Object.values(resources),
  ...acceptedKinds.map(acceptedResource),
];
