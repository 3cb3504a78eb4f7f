import type { KubernetesObject } from './meta.ts';

/**
 * acn.azure.com/v1alpha NodeNetworkConfig: addresses of a subnet for the pods of a node, which has the same name. The
 * node writes the spec, whoever gives out addresses the status; fields as in Azure/azure-container-networking, crd/.
 */
export interface NodeNetworkConfig extends KubernetesObject {
  spec: {
    /** How many addresses the node wants to have. */
    requestedIPCount: number;
    /** Addresses of the node that it gives back: it gives them to no pod while they stand here. */
    ipsNotInUse?: string[];
  };
  status?: NodeNetworkConfigStatus;
}

export interface NodeNetworkConfigStatus {
  assignedIPCount?: number;
  scaler?: NodeAddressScaler;
  /** `Error` while the node has fewer addresses than it asks for. */
  status?: 'Updating' | 'Updated' | 'Error';
  networkContainers?: NetworkContainer[];
}

/** When a node asks for more addresses, and when it gives some back. */
export interface NodeAddressScaler {
  batchSize: number;
  /** Of a batch: with fewer free addresses, a node asks for more. */
  requestThresholdPercent: number;
  /** Of a batch: with more free addresses, a node gives some back. */
  releaseThresholdPercent: number;
  maxIPCount: number;
}

/** The addresses that a node has of one subnet. */
export interface NetworkContainer {
  id: string;
  /** `dynamic`: as many as are asked for; `static`: the same from the node's start to its end. */
  assignmentMode: 'dynamic' | 'static';
  /** Of `vnetblock` the assignments are prefixes, of `vnet` addresses. */
  type: 'vnet' | 'vnetblock';
  /** Of the node in its subnet; of `vnetblock`, the first block. */
  primaryIP: string;
  /** `NETWORK/SUBNET` */
  subnetName: string;
  subnetAddressSpace: string;
  defaultGateway: string;
  nodeIP: string;
  ipAssignments: { name: string; ip: string }[];
  /** Grows with every change of the assignments. */
  version: number;
  status: 'Available' | 'NCUpdateSubnetFullError';
}

/**
 * weft.dev/v1alpha1 SubnetAllocation: which node has which addresses of a subnet. What stands here decides; a
 * NodeNetworkConfig only tells its node. Named `NETWORK.SUBNET`.
 */
export interface SubnetAllocation extends KubernetesObject {
  spec: {
    /** The subnet's addresses when this was written. */
    prefix: string;
    nodes: NodeShare[];
  };
}

export interface NodeShare {
  /** Of the NodeNetworkConfig, and the node. */
  name: string;
  /** Of the NodeNetworkConfig: one that was made anew has nothing at first. */
  uid: string;
  /** Grows with every change of this share. */
  version: number;
  /** `FIRST-LAST`, or a prefix; ascending. */
  addresses: string[];
}
