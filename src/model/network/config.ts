import { clusterNetworkDefaults, rangesOf } from '../../api/defaults/network.ts';
import type { ClusterNetwork } from '../../api/types/network.ts';
import { familyOf, type Family } from '../../lib/address.ts';
import { platformAddress } from '../fabric/network/platform.ts';
import { labAddressesOf } from './lab-addresses.ts';
import { modelTraits, type NetworkModel } from './models.ts';

/** The effective configuration of a cluster's network: the ClusterNetwork object with every default filled in. */
export interface NetworkConfig {
  readonly model: NetworkModel;
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
  /** Addresses of the servers asked for names outside the cluster; empty: those of the surroundings. */
  readonly upstreamResolvers: readonly string[];
  /** Seconds for which an address known by a domain name counts at least. */
  readonly minimumDomainTTL: number;
  /** Of azure-cni-dynamic: `SUBNET`, or `NETWORK/SUBNET`. */
  readonly podSubnet: string;
  readonly podIPAllocation: 'DynamicIndividual' | 'StaticBlock';
  /** Of azure-cni. */
  readonly cniMode: 'transparent' | 'bridge';
}

/** What a cluster without a ClusterNetwork object has; the ranges are those of kubeadm and Calico. */
export const defaultNetworkConfig: NetworkConfig = networkConfigOf(undefined);

/** The configuration that an object asks for; absent fields take the defaults, absent ranges those of `families`. */
export function networkConfigOf(
  network: ClusterNetwork | undefined,
  families: readonly Family[] = ['IPv4'],
): NetworkConfig {
  const { podCIDR, serviceCIDR } = rangesOf(network?.spec ?? {}, families);
  const spec = { ...clusterNetworkDefaults, ...network?.spec };
  return {
    model: spec.model,
    podCidrs: podCIDR.split(','),
    serviceCidrs: serviceCIDR.split(','),
    maxPodsPerNode: spec.maxPodsPerNode,
    establishedConnections: spec.establishedConnections,
    externalIPs: spec.externalIPs,
    masqueradeAll: spec.masqueradeAll,
    nodePortAddresses: spec.nodePortAddresses,
    localhostNodePorts: spec.localhostNodePorts,
    upstreamResolvers: spec.upstreamResolvers,
    minimumDomainTTL: spec.minimumDomainTTL,
    podSubnet: spec.podSubnet,
    podIPAllocation: spec.podIPAllocation,
    cniMode: spec.cniMode,
  };
}

/** The families of pods, nodes and Services, the primary one first. */
export function familiesOfNetwork({ podCidrs }: Pick<NetworkConfig, 'podCidrs'>): Family[] {
  return podCidrs.map(familyOf);
}

/**
 * The servers that cluster DNS asks for names outside the cluster. Where none is named, that of the surroundings: the
 * fabric's own in a virtual network that names none itself (`ofNetwork`), otherwise the internet's.
 */
export function upstreamServers(
  config: Pick<NetworkConfig, 'model' | 'podCidrs' | 'upstreamResolvers'>,
  ofNetwork: readonly string[] = [],
): readonly string[] {
  if (config.upstreamResolvers.length > 0) return config.upstreamResolvers;
  if (modelTraits[config.model].world === 'virtual-network') {
    return ofNetwork.length > 0 ? ofNetwork : [platformAddress];
  }
  return familiesOfNetwork(config).map((family) => labAddressesOf[family].resolver);
}

/** The servers that a node asks itself, or another machine that is where nodes are: see `upstreamServers`. */
export function machineServers(
  config: Pick<NetworkConfig, 'model' | 'podCidrs'>,
  ofNetwork: readonly string[] = [],
): readonly string[] {
  return upstreamServers({ ...config, upstreamResolvers: [] }, ofNetwork);
}

/** The range of the primary family, in which the Services have their addresses that every cluster has. */
export function primaryServiceCidr({ serviceCidrs }: Pick<NetworkConfig, 'serviceCidrs'>): string {
  return serviceCidrs[0] ?? '';
}
