import type { NodeNetworkConfig } from '../../api/types/address.ts';
import type { Node } from '../../api/types/core.ts';
import { nodeConfigNamespace } from '../../model/addressing/config-status.ts';
import { batchSize, blocksFor } from '../../model/addressing/demand.ts';
import type { SubnetMode } from '../../model/addressing/pod-subnets.ts';

/** The object by which a node is told its addresses, which goes when the node does. */
export function newNodeConfig(
  node: Node,
  mode: SubnetMode,
  config: { readonly maxPodsPerNode: number },
): NodeNetworkConfig {
  const { name, uid = '' } = node.metadata;
  return {
    apiVersion: 'acn.azure.com/v1alpha',
    kind: 'NodeNetworkConfig',
    metadata: {
      name,
      namespace: nodeConfigNamespace,
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }],
    },
    spec: { requestedIPCount: firstRequest(mode, maxPodsOf(node, config)) },
  };
}

/** Up front all that a node may ever need, or a first batch. */
function firstRequest(mode: SubnetMode, maxPods: number): number {
  if (mode === 'block') return blocksFor(maxPods);
  return mode === 'dynamic' ? Math.min(batchSize, maxPods) : maxPods;
}

/** How many pods the node takes. */
export function maxPodsOf({ status }: Node, { maxPodsPerNode }: { readonly maxPodsPerNode: number }): number {
  const pods = Number(status?.allocatable?.['pods'] ?? Number.NaN);
  return Number.isInteger(pods) ? pods : maxPodsPerNode;
}

/** The node's own address; empty before it has one. */
export function addressOf({ status }: Node): string {
  return status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '';
}
