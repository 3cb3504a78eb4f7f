import type { Node, Pod } from '../../../src/api/types/core.ts';
import type { NodePlace } from '../../../src/model/network/topology.ts';

export function nodeOf({ name, address, podCidr }: NodePlace): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    spec: { podCIDR: podCidr },
    status: { addresses: [{ type: 'InternalIP', address }] },
  };
}

/** A pod that is bound to a node and listens on TCP 8080. */
export function podOf(
  name: string,
  node: string,
  { uid, ...spec }: Partial<Pod['spec']> & { uid?: string } = {},
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { name }, ...(uid !== undefined && { uid }) },
    spec: { nodeName: node, containers: [{ name: 'c', ports: [{ containerPort: 8080 }] }], ...spec },
  };
}
