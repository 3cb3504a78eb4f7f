import type { ContainerPort, Node, Pod, Service, ServiceSpec } from '../../../src/api/types/core.ts';
import type { KubernetesObject, Labels } from '../../../src/api/types/meta.ts';
import type { NetworkPolicy, NetworkPolicySpec } from '../../../src/api/types/network.ts';

/**
 * Address plan of the evaluator's tests:
 *
 *     node-1  172.20.1.1  pods 10.244.1.0/24, tunnel 10.244.1.0
 *     node-2  172.20.1.2  pods 10.244.2.0/24, tunnel 10.244.2.0
 *     node-3  172.20.1.3  pods 10.244.3.0/24, tunnel 10.244.3.0
 */
export const nodes: readonly Node[] = [1, 2, 3].map((index) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: `node-${index}` },
  spec: { podCIDR: `10.244.${index}.0/24` },
  status: { addresses: [{ type: 'InternalIP', address: `172.20.1.${index}` }] },
}));

/** Somewhere outside the cluster. */
export const outsider = '203.0.113.10';

export function namespace(name: string, labels: Labels = {}): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

export interface PodParts {
  readonly labels?: Labels;
  readonly ports?: ContainerPort[];
  readonly hostNetwork?: true;
  readonly ready?: false;
}

/** A pod at `10.244.NODE.HOST`, or at its node's address with hostNetwork; it listens on TCP 80 named `http`. */
export function pod(key: string, address: string, parts: PodParts = {}): Pod {
  const [namespace = '', name = ''] = key.split('/');
  const node = /^10\.244\.(\d)|^172\.20\.1\.(\d)/.exec(address);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels: parts.labels ?? { app: name } },
    spec: {
      nodeName: `node-${node?.[1] ?? node?.[2]}`,
      containers: [{ name: 'c', ports: parts.ports ?? [{ name: 'http', containerPort: 80 }] }],
      ...(parts.hostNetwork === true ? { hostNetwork: true } : {}),
    },
    status: {
      phase: 'Running',
      podIP: address,
      conditions: [{ type: 'Ready', status: parts.ready === false ? 'False' : 'True' }],
    },
  };
}

export function service(key: string, spec: ServiceSpec): Service {
  const [namespace = '', name = ''] = key.split('/');
  return { apiVersion: 'v1', kind: 'Service', metadata: { namespace, name }, spec };
}

export function policy(key: string, spec: NetworkPolicySpec): NetworkPolicy {
  const [namespace = '', name = ''] = key.split('/');
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace, name }, spec };
}
