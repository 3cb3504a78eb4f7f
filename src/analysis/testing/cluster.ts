import type {
  ContainerPort,
  Namespace,
  Node,
  Pod,
  Service,
  ServicePort,
  ServiceSpec,
} from '../../api/types/core.ts';
import type { ClusterNetworkPolicySpec } from '../../api/types/policy.ts';
import type { Labels } from '../../api/types/meta.ts';
import type { EndpointSlice, NetworkPolicy, NetworkPolicySpec } from '../../api/types/network.ts';
import type { Cluster } from '../../model/cluster.ts';
import { defaultNetworkConfig } from '../../model/network/config.ts';

/*
 * Address plan of the clusters that tests describe:
 *
 *     node-N   172.20.1.N, pods 10.244.N.0/24, tunnel 10.244.N.0
 *     pods     10.244.N.1 and on, in the order of their description on node-N
 *     Services 10.96.0.1 and on, in the order of their description
 */
export interface ClusterDescription {
  readonly nodes?: number;
  readonly namespaces?: Readonly<Record<string, Labels>>;
  /** By `namespace/name`. */
  readonly pods?: Readonly<Record<string, PodDescription>>;
  readonly services?: Readonly<Record<string, ServiceDescription>>;
  readonly policies?: Readonly<Record<string, NetworkPolicySpec>>;
  readonly clusterPolicies?: Readonly<Record<string, ClusterNetworkPolicySpec>>;
}

interface PodDescription {
  readonly node?: number;
  readonly labels?: Labels;
  readonly ports?: readonly ContainerPort[];
  readonly hostNetwork?: boolean;
  /** Name of the Deployment it belongs to. */
  readonly of?: string;
}

interface ServiceDescription {
  readonly type?: ServiceSpec['type'];
  readonly headless?: boolean;
  readonly ports: readonly (ServicePort & { readonly targetPort: number })[];
  /** Keys of pods, or addresses. */
  readonly endpoints: readonly string[];
}

export function describeCluster(description: ClusterDescription): Cluster {
  const nodes = Array.from({ length: description.nodes ?? 2 }, (_, index) => node(index + 1));
  const pods = podsOf(description.pods ?? {});
  const services = Object.entries(description.services ?? {});
  return {
    config: defaultNetworkConfig,
    nodes: new Map(nodes.map((one) => [one.metadata.name, one])),
    namespaces: new Map(
      Object.entries(description.namespaces ?? {}).map(([name, labels]) => [name, namespace(name, labels)]),
    ),
    pods,
    services: new Map(services.map(([key, one], index) => [key, service(key, one, index + 1)])),
    endpointSlices: new Map(services.map(([key, one]) => [`${key}-slice`, slice(key, one, pods)])),
    networkPolicies: new Map(
      Object.entries(description.policies ?? {}).map(([key, spec]) => [key, policy(key, spec)]),
    ),
    clusterNetworkPolicies: new Map(
      Object.entries(description.clusterPolicies ?? {}).map(([name, spec]) => [
        name,
        {
          apiVersion: 'policy.networking.k8s.io/v1alpha2',
          kind: 'ClusterNetworkPolicy',
          metadata: { name },
          spec,
        },
      ]),
    ),
    adminNetworkPolicies: new Map(),
    baselineAdminNetworkPolicies: new Map(),
    ipAddressPools: new Map(),
    l2Advertisements: new Map(),
    bgpAdvertisements: new Map(),
    bgpPeers: new Map(),
  };
}

function node(number: number): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `node-${number}` },
    spec: { podCIDR: `10.244.${number}.0/24` },
    status: { addresses: [{ type: 'InternalIP', address: `172.20.1.${number}` }] },
  };
}

function namespace(name: string, labels: Labels): Namespace {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

function podsOf(descriptions: NonNullable<ClusterDescription['pods']>): Map<string, Pod> {
  const used = new Map<number, number>();
  const pods = new Map<string, Pod>();
  for (const [key, description] of Object.entries(descriptions)) {
    const nodeNumber = description.node ?? 1;
    const host = (used.get(nodeNumber) ?? 0) + 1;
    if (description.hostNetwork !== true) used.set(nodeNumber, host);
    pods.set(key, pod(key, description, `10.244.${nodeNumber}.${host}`));
  }
  return pods;
}

function pod(
  key: string,
  { node = 1, labels = {}, ports = [], hostNetwork, of }: PodDescription,
  address: string,
): Pod {
  const controller = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: of ?? '',
    uid: of ?? '',
    controller: true,
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...named(key), labels, ...(of === undefined ? {} : { ownerReferences: [controller] }) },
    spec: {
      nodeName: `node-${node}`,
      containers: [{ name: 'main', ports: [...ports] }],
      ...(hostNetwork === true ? { hostNetwork } : {}),
    },
    status: { podIP: hostNetwork === true ? `172.20.1.${node}` : address },
  };
}

function service(
  key: string,
  { type = 'ClusterIP', headless, ports }: ServiceDescription,
  number: number,
): Service {
  const clusterIP = headless === true ? 'None' : `10.96.0.${number}`;
  const addressed =
    type === 'ExternalName' ? { externalName: 'example.org' } : { clusterIP, clusterIPs: [clusterIP] };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: named(key),
    spec: { type, ports: [...ports], ...addressed },
  };
}

function slice(
  key: string,
  { ports, endpoints }: ServiceDescription,
  pods: ReadonlyMap<string, Pod>,
): EndpointSlice {
  const { namespace, name } = named(key);
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace, name: `${name}-slice`, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: endpoints.map((endpoint) => {
      const pod = pods.get(endpoint);
      if (pod === undefined) return { addresses: [endpoint] };
      const targetRef = { kind: 'Pod', ...named(endpoint) };
      return { addresses: [pod.status?.podIP ?? ''], nodeName: pod.spec.nodeName ?? '', targetRef };
    }),
    ports: ports.map(({ name: portName = '', protocol = 'TCP', targetPort }) => ({
      name: portName,
      protocol,
      port: targetPort,
    })),
  };
}

function policy(key: string, spec: NetworkPolicySpec): NetworkPolicy {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: named(key), spec };
}

function named(key: string): { namespace: string; name: string } {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}
