import type { ClusterNetwork } from '../../api/types/network.ts';

/** The effective configuration of a cluster's network: the ClusterNetwork object with every default filled in. */
export interface NetworkConfig {
  readonly model: NonNullable<ClusterNetwork['spec']['model']>;
  /** Addresses of pods, cut into one block per node. */
  readonly podCidr: string;
  /** Addresses of Services. */
  readonly serviceCidr: string;
  readonly maxPodsPerNode: number;
  readonly establishedConnections: 'cut' | 'keep';
}

/** What a cluster without a ClusterNetwork object has; the ranges are those of kubeadm and Calico. */
export const defaultNetworkConfig: NetworkConfig = {
  model: 'calico',
  podCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/12',
  maxPodsPerNode: 110,
  establishedConnections: 'cut',
};

/** The configuration that an object asks for; absent fields take the defaults. */
export function networkConfigOf(network: ClusterNetwork | undefined): NetworkConfig {
  const spec = network?.spec ?? {};
  return {
    model: spec.model ?? defaultNetworkConfig.model,
    podCidr: spec.podCIDR ?? defaultNetworkConfig.podCidr,
    serviceCidr: spec.serviceCIDR ?? defaultNetworkConfig.serviceCidr,
    maxPodsPerNode: spec.maxPodsPerNode ?? defaultNetworkConfig.maxPodsPerNode,
    establishedConnections: spec.establishedConnections ?? defaultNetworkConfig.establishedConnections,
  };
}
