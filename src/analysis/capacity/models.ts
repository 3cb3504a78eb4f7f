import type { ClusterNetworkSpec } from '../../api/types/network.ts';

export type ModelName = NonNullable<ClusterNetworkSpec['model']>;

/**
 * Where pods have their addresses. `node-subnet`: beside the nodes, all of a node's from its start. `blocks`: a /24 for
 * each node of a range of its own. `pod-subnet`: a subnet of their own, in batches or static blocks. `own`: somebody
 * else's matter.
 */
export type PodAddresses = 'node-subnet' | 'blocks' | 'pod-subnet' | 'own';

/** What a model takes of its ranges, and its limits. */
export interface ModelLimits {
  readonly podAddresses: PodAddresses;
  readonly defaultMaxPods: number;
  readonly mostPods: number;
  readonly mostNodes: number;
  /** Addresses of the node subnet that nobody can have. */
  readonly reserved: number;
}

/** Kubernetes is tested with no more (kubernetes.io, considerations for large clusters); AKS has the same limit. */
const mostNodes = 5000;
/** Of a virtual network's subnet: network, gateway, two for DNS, and the last. */
const ofVirtualNetwork = 5;
/** Of a segment: network, gateway, broadcast. */
const ofSegment = 3;

/**
 * Limits as AKS documents them (concepts-network-ip-address-planning, configure-kubenet, concepts-network-azure-cni-overlay,
 * concepts-network-azure-cni-pod-subnet); of the others, Kubernetes' own and what a /24 for each node holds.
 */
export const modelLimits: Readonly<Record<ModelName, ModelLimits>> = {
  kubenet: azure({ podAddresses: 'blocks', defaultMaxPods: 110, mostNodes: 400 }),
  'azure-cni': azure({ podAddresses: 'node-subnet', defaultMaxPods: 30 }),
  'azure-cni-dynamic': azure({ podAddresses: 'pod-subnet', defaultMaxPods: 110 }),
  'azure-cni-overlay': azure({ podAddresses: 'blocks', defaultMaxPods: 250 }),
  none: azure({ podAddresses: 'own', defaultMaxPods: 110 }),
  flannel: local(),
  calico: local(),
};

function azure(
  given: Pick<ModelLimits, 'podAddresses' | 'defaultMaxPods'> & Partial<ModelLimits>,
): ModelLimits {
  return { mostPods: 250, mostNodes, reserved: ofVirtualNetwork, ...given };
}

/** A /24 without its network, its broadcast and the node's own address. */
function local(): ModelLimits {
  return { podAddresses: 'blocks', defaultMaxPods: 110, mostPods: 253, mostNodes, reserved: ofSegment };
}

/** Of the models that live in a virtual network. */
export function isAzure(model: ModelName): boolean {
  return modelLimits[model].reserved === ofVirtualNetwork;
}
