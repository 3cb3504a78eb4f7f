import { clusterNetworkDefaults, rangesOf } from '../../api/defaults/network.ts';
import type { ClusterNetwork } from '../../api/types/network.ts';
import { familyOf, type Family } from '../../lib/address.ts';

/** The effective configuration of a cluster's network: the ClusterNetwork object with every default filled in. */
export interface NetworkConfig {
  readonly model: NonNullable<ClusterNetwork['spec']['model']>;
  /** Addresses of pods, cut into one block per node: a range per family, the primary family first. */
  readonly podCidrs: readonly string[];
  /** Addresses of Services: a range per family, of the same families in the same order. */
  readonly serviceCidrs: readonly string[];
  readonly maxPodsPerNode: number;
  readonly establishedConnections: 'cut' | 'keep';
  readonly externalIPs: 'Allow' | 'Ignore';
  readonly masqueradeAll: boolean;
  /** Ranges of the node addresses at which node ports answer; empty: the primary ones. */
  readonly nodePortAddresses: readonly string[];
  /** Whether TCP node ports answer at loopback addresses too. */
  readonly localhostNodePorts: boolean;
}

/** What a cluster without a ClusterNetwork object has; the ranges are those of kubeadm and Calico. */
export const defaultNetworkConfig: NetworkConfig = networkConfigOf(undefined);

/** The configuration that an object asks for; absent fields take the defaults, absent ranges those of `families`. */
export function networkConfigOf(
  network: ClusterNetwork | undefined,
  families: readonly Family[] = ['IPv4'],
): NetworkConfig {
  const spec = network?.spec ?? {};
  const { podCIDR, serviceCIDR } = rangesOf(spec, families);
  return {
    model: spec.model ?? clusterNetworkDefaults.model,
    podCidrs: podCIDR.split(','),
    serviceCidrs: serviceCIDR.split(','),
    maxPodsPerNode: spec.maxPodsPerNode ?? clusterNetworkDefaults.maxPodsPerNode,
    establishedConnections: spec.establishedConnections ?? clusterNetworkDefaults.establishedConnections,
    externalIPs: spec.externalIPs ?? clusterNetworkDefaults.externalIPs,
    masqueradeAll: spec.masqueradeAll ?? clusterNetworkDefaults.masqueradeAll,
    nodePortAddresses: spec.nodePortAddresses ?? clusterNetworkDefaults.nodePortAddresses,
    localhostNodePorts: spec.localhostNodePorts ?? clusterNetworkDefaults.localhostNodePorts,
  };
}

/** The families of pods, nodes and Services, the primary one first. */
export function familiesOfNetwork({ podCidrs }: Pick<NetworkConfig, 'podCidrs'>): Family[] {
  return podCidrs.map(familyOf);
}

/** The range of the primary family, in which the Services have their addresses that every cluster has. */
export function primaryServiceCidr({ serviceCidrs }: Pick<NetworkConfig, 'serviceCidrs'>): string {
  return serviceCidrs[0] ?? '';
}
