import type { ContainerPort, Pod, Service, ServiceSpec } from '../../../src/api/types/core.ts';
import type { KubernetesObject, Labels } from '../../../src/api/types/meta.ts';
import type { NetworkPolicy, NetworkPolicySpec } from '../../../src/api/types/network.ts';

/** Everything is in one namespace, whose name the questions look for. */
const namespaceName = 'ns-cases';

export const namespace: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: namespaceName },
};

export interface PodParts {
  readonly node?: 1 | 2 | 3;
  readonly labels?: Labels;
  /** TCP 80 named `http` when absent. */
  readonly ports?: ContainerPort[];
}

export function pod(name: string, { node = 1, labels = { app: name }, ports }: PodParts = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: namespaceName, name, labels },
    spec: {
      nodeName: `node-${node}`,
      containers: [{ name: 'c', image: 'none', ports: ports ?? [{ name: 'http', containerPort: 80 }] }],
    },
  };
}

export function service(name: string, spec: ServiceSpec): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { namespace: namespaceName, name }, spec };
}

export function policy(name: string, spec: NetworkPolicySpec): NetworkPolicy {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: namespaceName, name },
    spec,
  };
}
