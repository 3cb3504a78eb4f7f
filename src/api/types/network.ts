import type { Condition, IntOrString, KubernetesObject, LabelSelector, Protocol } from './meta.ts';

/** networking.k8s.io/v1 NetworkPolicy. */
export interface NetworkPolicy extends KubernetesObject {
  spec: NetworkPolicySpec;
}

export interface NetworkPolicySpec {
  podSelector?: LabelSelector;
  policyTypes?: ('Ingress' | 'Egress')[];
  ingress?: NetworkPolicyIngressRule[];
  egress?: NetworkPolicyEgressRule[];
}

export interface NetworkPolicyIngressRule {
  from?: NetworkPolicyPeer[];
  ports?: NetworkPolicyPort[];
}

export interface NetworkPolicyEgressRule {
  to?: NetworkPolicyPeer[];
  ports?: NetworkPolicyPort[];
}

export interface NetworkPolicyPeer {
  podSelector?: LabelSelector;
  namespaceSelector?: LabelSelector;
  ipBlock?: { cidr: string; except?: string[] };
}

export interface NetworkPolicyPort {
  protocol?: Protocol;
  port?: IntOrString;
  endPort?: number;
}

/** networking.k8s.io/v1 ServiceCIDR: ranges that addresses of Services come from, one of each family at most. */
export interface ServiceCIDR extends KubernetesObject {
  spec?: { cidrs?: string[] };
  status?: { conditions?: Condition[] };
}

/** networking.k8s.io/v1 IPAddress: one address, by its name, and who has it. */
export interface IPAddress extends KubernetesObject {
  spec?: { parentRef?: { group?: string; resource: string; namespace?: string; name: string } };
}

/** discovery.k8s.io/v1 EndpointSlice. */
export interface EndpointSlice extends KubernetesObject {
  addressType: 'IPv4' | 'IPv6' | 'FQDN';
  endpoints: Endpoint[];
  ports?: EndpointPort[];
}

export interface Endpoint {
  addresses: string[];
  conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean };
  hostname?: string;
  nodeName?: string;
  zone?: string;
  hints?: { forZones?: { name: string }[]; forNodes?: { name: string }[] };
  targetRef?: { kind: string; namespace?: string; name: string; uid?: string };
}

export interface EndpointPort {
  name?: string;
  port?: number;
  protocol?: Protocol;
  appProtocol?: string;
}

/** weft.dev/v1alpha1 ClusterNetwork: the network's own configuration; one per cluster, named `default`. */
export interface ClusterNetwork extends KubernetesObject {
  spec: ClusterNetworkSpec;
}

export interface ClusterNetworkSpec {
  model?: 'calico' | 'flannel' | 'kubenet' | 'azure-cni' | 'azure-cni-dynamic' | 'azure-cni-overlay' | 'none';
  dataplane?: 'nftables' | 'ebpf';
  podCIDR?: string;
  serviceCIDR?: string;
  maxPodsPerNode?: number;
  /** What a policy change does to established connections it now denies; `cut` unless said otherwise. */
  establishedConnections?: 'cut' | 'keep';
  /** Whether Services are reached by their `spec.externalIPs`; `Allow` unless said otherwise (KEP-5707 wants them off). */
  externalIPs?: 'Allow' | 'Ignore';
  /** Whether nodes put their own address into everything that goes through a Service. */
  masqueradeAll?: boolean;
  /** Ranges of the node addresses at which node ports answer; the primary addresses of each node where there is none. */
  nodePortAddresses?: string[];
  /** Whether TCP node ports answer at the loopback addresses of each node as well (KEP-6032). */
  localhostNodePorts?: boolean;
  /**
   * Addresses of the servers that the cluster's DNS server asks for names outside the cluster, the best first; where
   * there is none, those of its surroundings: in a lab, the one on the machine that stands for the internet.
   */
  upstreamResolvers?: string[];
  /** Seconds for which an address that policies know by a domain name counts at least, whatever its TTL. */
  minimumDomainTTL?: number;
  /**
   * Of azure-cni-dynamic: the subnet that pods have their addresses of, `SUBNET` of the nodes' network or
   * `NETWORK/SUBNET`; `pods` unless said otherwise.
   */
  podSubnet?: string;
  /** Of azure-cni-dynamic: as many addresses as pods need, in batches, or blocks of 16 for all pods a node may have. */
  podIPAllocation?: 'DynamicIndividual' | 'StaticBlock';
  /** Of azure-cni: how pods hang on their node, each on a link and a host route of its own, or on the bridge `azure0`. */
  cniMode?: 'transparent' | 'bridge';
}
