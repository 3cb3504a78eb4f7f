import { apiVersionOf, resourceOf, resources, type Resource } from './resources.ts';
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
  Event: ['ev'],
};

const withoutStatus = new Set([
  'IngressClass',
  'StorageClass',
  'PriorityClass',
  'Lease',
  'LimitRange',
  'Event',
]);

/** Kinds that are served in a second version, of another group. */
const versionsOf: Readonly<Record<string, Resource>> = { Event: resources.events };

/** A kind that the network does not interpret, as a resource: what applications bring along applies and is kept. */
function acceptedResource({ apiVersion, kind, namespaced }: AcceptedKind): Resource {
  const [version = '', group = ''] = apiVersion.split('/').toReversed();
  const singular = kind.toLowerCase();
  const versionOf = Object.hasOwn(versionsOf, kind) ? versionsOf[kind] : undefined;
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
    ...(versionOf !== undefined && { versionOf }),
  };
}

const accepted = acceptedKinds.map(acceptedResource);

/** All served resources: those the network interprets first. */
export const servedResources: readonly Resource[] = [...Object.values(resources), ...accepted];

/** The resource that serves objects of this kind, those that are only stored among them. */
export function servedResourceOf(object: { apiVersion: string; kind: string }): Resource | undefined {
  return (
    resourceOf(object) ??
    accepted.find((one) => apiVersionOf(one) === object.apiVersion && one.kind === object.kind)
  );
}

/** Those whose objects are nobody else's: to go over these is to meet every object once. */
export const storedResources: readonly Resource[] = servedResources.filter(
  ({ versionOf }) => versionOf === undefined,
);

/** Events as events.k8s.io/v1 has them. */
export const newerEvents: Resource =
  accepted.find(({ versionOf }) => versionOf === resources.events) ?? resources.events;
