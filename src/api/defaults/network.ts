import type {
  ClusterNetwork,
  ClusterNetworkSpec,
  EndpointSlice,
  NetworkPolicy,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '../types/network.ts';

/**
 * networking/v1 `SetDefaults_NetworkPolicy`: without `policyTypes`, a policy is for ingress, and for egress too
 * where it has egress rules; a port without protocol is TCP.
 */
export function defaultNetworkPolicy(policy: NetworkPolicy): NetworkPolicy {
  const spec: NetworkPolicySpec = policy.spec ?? {};
  const { ingress, egress, policyTypes = [] } = spec;
  return {
    ...policy,
    spec: {
      ...spec,
      podSelector: spec.podSelector ?? {},
      ...(ingress !== undefined && { ingress: ingress.map(defaultRule) }),
      ...(egress !== undefined && { egress: egress.map(defaultRule) }),
      policyTypes: policyTypes.length > 0 ? policyTypes : defaultTypes(spec),
    },
  };
}

function defaultTypes(spec: NetworkPolicySpec): ('Ingress' | 'Egress')[] {
  return (spec.egress?.length ?? 0) > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

function defaultRule<T extends { ports?: NetworkPolicyPort[] }>(rule: T): T {
  if (rule.ports === undefined) return rule;
  return { ...rule, ports: rule.ports.map((port) => ({ ...port, protocol: port.protocol ?? 'TCP' })) };
}

/** discovery/v1 `SetDefaults_EndpointPort`; `addressType` has no default, it is required. */
export function defaultEndpointSlice(slice: EndpointSlice): EndpointSlice {
  if (slice.ports === undefined) return slice;
  const ports = slice.ports.map((port) => ({
    ...port,
    name: port.name ?? '',
    protocol: port.protocol ?? 'TCP',
  }));
  return { ...slice, ports };
}

/** What a ClusterNetwork says where it says nothing; the ranges are those of kubeadm and Calico. */
export const clusterNetworkDefaults = {
  model: 'calico',
  dataplane: 'nftables',
  podCIDR: '10.244.0.0/16',
  serviceCIDR: '10.96.0.0/12',
  maxPodsPerNode: 110,
  establishedConnections: 'cut',
} as const satisfies Required<ClusterNetworkSpec>;

/** Every field of the network's configuration, filled in. */
export function defaultClusterNetwork(network: ClusterNetwork): ClusterNetwork {
  const spec: ClusterNetworkSpec = network.spec;
  return { ...network, spec: { ...clusterNetworkDefaults, ...spec } };
}
