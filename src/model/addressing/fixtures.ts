import { fabricResources } from '../../api/resources.ts';
import type { Node, Pod } from '../../api/types/core.ts';
import type { VirtualNetwork } from '../../api/types/fabric.ts';

/** A node of a virtual network. */
export function subnetNode(name: string, address: string): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    status: {
      addresses: [{ type: 'InternalIP', address }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}

/** A pod in namespace `shop` that is bound and waits for its address. */
export function subnetPod(name: string, node: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop' },
    spec: { nodeName: node, containers: [{ name: 'main' }] },
    status: { phase: 'Pending' },
  };
}

export const virtualNetwork = {
  resource: fabricResources.virtualnetworks,
  /** With subnets by name. */
  named(name: string, subnets: Readonly<Record<string, string>>): VirtualNetwork {
    return {
      apiVersion: 'weft.dev/v1alpha1',
      kind: 'VirtualNetwork',
      metadata: { name },
      spec: {
        addressSpace: ['10.0.0.0/16'],
        subnets: Object.entries(subnets).map(([subnet, prefix]) => ({ name: subnet, prefix })),
      },
    };
  },
};
