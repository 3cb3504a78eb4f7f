import { familyOf, type Family } from '../../lib/address.ts';
import type {
  ClusterNetwork,
  ClusterNetworkSpec,
  Endpoint,
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

/**
 * discovery/v1 `SetDefaults_EndpointPort`; `addressType` has no default, it is required. Topology of the beta
 * versions is dropped, as upstream's strategy does.
 */
export function defaultEndpointSlice(slice: EndpointSlice): EndpointSlice {
  const ports = slice.ports?.map((port) => ({
    ...port,
    name: port.name ?? '',
    protocol: port.protocol ?? ('TCP' as const),
  }));
  const endpoints = slice.endpoints?.some((one) => 'deprecatedTopology' in one)
    ? slice.endpoints.map(withoutTopology)
    : slice.endpoints;
  return { ...slice, ...(endpoints && { endpoints }), ...(ports && { ports }) };
}

function withoutTopology({
  deprecatedTopology,
  ...endpoint
}: Endpoint & { deprecatedTopology?: unknown }): Endpoint {
  void deprecatedTopology;
  return endpoint;
}

/** What a ClusterNetwork says where it says nothing, besides its ranges. */
export const clusterNetworkDefaults = {
  model: 'calico',
  dataplane: 'nftables',
  maxPodsPerNode: 110,
  establishedConnections: 'cut',
  externalIPs: 'Allow',
  masqueradeAll: false,
  nodePortAddresses: [],
  localhostNodePorts: false,
  upstreamResolvers: [],
  minimumDomainTTL: 30,
  podSubnet: 'pods',
  podIPAllocation: 'DynamicIndividual',
  cniMode: 'transparent',
} as const satisfies Omit<Required<ClusterNetworkSpec>, 'podCIDR' | 'serviceCIDR'>;

/** The ranges of kubeadm and Calico, and unique local ones (RFC 4193) that look like them. */
const defaultRanges = {
  IPv4: { podCIDR: '10.244.0.0/16', serviceCIDR: '10.96.0.0/12' },
  IPv6: { podCIDR: 'fd00:10:244::/56', serviceCIDR: 'fd00:10:96::/112' },
} as const satisfies Record<Family, unknown>;

/**
 * Both ranges of a network, one per family with a comma between them, without spaces. A range that is not said has
 * the families of the other; where neither is, `families`.
 */
export function rangesOf(
  spec: ClusterNetworkSpec,
  families: readonly Family[] = ['IPv4'],
): Required<Pick<ClusterNetworkSpec, 'podCIDR' | 'serviceCIDR'>> {
  const given = spec.podCIDR ?? spec.serviceCIDR;
  const wanted = given === undefined ? families : rangeList(given).map(familyOf);
  const defaultOf = (field: 'podCIDR' | 'serviceCIDR'): string[] =>
    wanted.map((family) => defaultRanges[family][field]);
  const of = (field: 'podCIDR' | 'serviceCIDR'): string => {
    const text = spec[field];
    return (text === undefined ? defaultOf(field) : rangeList(text)).join();
  };
  return { podCIDR: of('podCIDR'), serviceCIDR: of('serviceCIDR') };
}

/** The ranges in a field that may have one per family. */
export function rangeList(text: string): string[] {
  return text.split(',').map((range) => range.trim());
}

/** Every field of the network's configuration, filled in. */
export function defaultClusterNetwork(network: ClusterNetwork): ClusterNetwork {
  const spec: ClusterNetworkSpec = network.spec;
  return { ...network, spec: { ...clusterNetworkDefaults, ...spec, ...rangesOf(spec) } };
}
