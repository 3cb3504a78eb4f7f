import { resources, resourceOf, type Resource } from '../resources.ts';
import { withoutNulls } from '../schema/nulls.ts';
import type { Namespace, Secret } from '../types/core.ts';
import { namespaceNameLabel } from '../selector.ts';
import type { KubernetesObject } from '../types/meta.ts';
import { defaultClusterNetwork, defaultEndpointSlice, defaultNetworkPolicy } from './network.ts';
import { defaultKept } from './kept.ts';
import { defaultPod } from './pod.ts';
import { defaultEndpoints, defaultService } from './service.ts';
import {
  defaultDaemonSet,
  defaultDeployment,
  defaultJob,
  defaultReplicaSet,
  defaultStatefulSet,
} from './workload.ts';

/**
 * The object with what the API server would fill in, as a new object; the given one is left alone. The object must be valid (`validateObject`); fields that are null
 * count as absent.
 */
export function applyDefaults<T extends KubernetesObject>(object: T): T {
  const resource = resourceOf(object);
  const apply = resource === undefined ? undefined : defaulters.get(resource);
  // A defaulter returns the kind it was registered for, which is the kind of this object.
  if (resource === undefined) return (defaultKept(object) as T | undefined) ?? object;
  return apply === undefined ? object : (apply(withoutNulls(object)) as T);
}

type Defaulter = (object: KubernetesObject) => KubernetesObject;

/** Pairs a resource with the function for its own type, then forgets the type. */
function entry<T extends KubernetesObject>(
  resource: Resource<T>,
  apply: (object: T) => T,
): [Resource, Defaulter] {
  return [resource, (object) => apply(object as T)];
}

const defaulters = new Map<Resource, Defaulter>([
  entry(resources.namespaces, defaultNamespace),
  entry(resources.pods, defaultPod),
  entry(resources.services, defaultService),
  entry(resources.secrets, defaultSecret),
  entry(resources.endpoints, defaultEndpoints),
  entry(resources.deployments, defaultDeployment),
  entry(resources.replicasets, defaultReplicaSet),
  entry(resources.statefulsets, defaultStatefulSet),
  entry(resources.daemonsets, defaultDaemonSet),
  entry(resources.jobs, defaultJob),
  entry(resources.networkpolicies, defaultNetworkPolicy),
  entry(resources.endpointslices, defaultEndpointSlice),
  entry(resources.clusternetworks, defaultClusterNetwork),
]);

function defaultNamespace(namespace: Namespace): Namespace {
  const { metadata } = namespace;
  const labels = { ...metadata.labels, [namespaceNameLabel]: metadata.name };
  return { ...namespace, metadata: { ...metadata, labels } };
}

/** core/v1 `SetDefaults_Secret`; what is given as plain text becomes data, as the API server stores it. */
function defaultSecret(secret: Secret): Secret {
  const { stringData, ...rest } = secret;
  const encoded = Object.entries(stringData ?? {}).map(([key, text]) => [
    key,
    Buffer.from(text).toString('base64'),
  ]);
  return {
    ...rest,
    type: secret.type === undefined || secret.type === '' ? 'Opaque' : secret.type,
    ...(encoded.length > 0 && { data: { ...secret.data, ...Object.fromEntries(encoded) } }),
  };
}
