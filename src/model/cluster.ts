import type { Namespace, Node, Pod, Service } from '../api/types/core.ts';
import type {
  BGPAdvertisement,
  BGPPeer,
  IPAddressPool,
  L2Advertisement,
} from '../api/types/load-balancer.ts';
import type { MultiNetworkPolicy } from '../api/types/layer2.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import type { EndpointSlice, NetworkPolicy } from '../api/types/network.ts';
import type {
  AdminNetworkPolicy,
  BaselineAdminNetworkPolicy,
  ClusterNetworkPolicy,
} from '../api/types/policy.ts';
import type { MachineEnd } from './fabric/machine-ends.ts';
import type { NetworkConfig } from './network/config.ts';

/**
 * Everything the analysis needs to know of a cluster, indexed by `namespace/name` (`name` for namespaces and
 * nodes). Read from manifests or from a running API server; nothing here says which.
 */
export interface Cluster {
  readonly config: NetworkConfig;
  readonly namespaces: ReadonlyMap<string, Namespace>;
  readonly nodes: ReadonlyMap<string, Node>;
  /** Bound to nodes and with addresses, also when they come from manifests only. */
  readonly pods: ReadonlyMap<string, Pod>;
  /** With cluster addresses and node ports allocated. */
  readonly services: ReadonlyMap<string, Service>;
  readonly endpointSlices: ReadonlyMap<string, EndpointSlice>;
  readonly networkPolicies: ReadonlyMap<string, NetworkPolicy>;
  readonly clusterNetworkPolicies: ReadonlyMap<string, ClusterNetworkPolicy>;
  readonly adminNetworkPolicies: ReadonlyMap<string, AdminNetworkPolicy>;
  readonly baselineAdminNetworkPolicies: ReadonlyMap<string, BaselineAdminNetworkPolicy>;
  /** About further interfaces of pods; absent where there are none. */
  readonly multiNetworkPolicies?: ReadonlyMap<string, MultiNetworkPolicy>;
  /** What describes segments, who has addresses there, routes of nodes and further interfaces of pods; absent where nobody does. */
  readonly layer2?: readonly KubernetesObject[];
  readonly ipAddressPools: ReadonlyMap<string, IPAddressPool>;
  readonly l2Advertisements: ReadonlyMap<string, L2Advertisement>;
  readonly bgpAdvertisements: ReadonlyMap<string, BGPAdvertisement>;
  readonly bgpPeers: ReadonlyMap<string, BGPPeer>;
  /** Machines around the nodes by `vm:NAME` and `site:NAME`; absent where nobody describes any. */
  readonly machines?: ReadonlyMap<string, MachineEnd>;
  /** What describes virtual networks, in models whose nodes are in one; where absent, they have the default one. */
  readonly surroundings?: readonly KubernetesObject[];
  /** Ingresses with their classes, and what Gateway API has; absent where there are none. */
  readonly gateways?: readonly KubernetesObject[];
  /** Addresses that the cluster's DNS server gave out for domain names of policies and that count by now, where it is known. */
  readonly domains?: ReadonlyMap<string, readonly string[]>;
}
