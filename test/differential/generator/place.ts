import type { Node, Pod, Service } from '../../../src/api/types/core.ts';
import type { KubernetesObject } from '../../../src/api/types/meta.ts';

/**
 * A generated cluster as if it ran, without running it: nodes and addresses are added in the way a lab gives them
 * (node-1 is 172.20.1.1 with pods from 10.244.0.1, and so on), every pod is ready. Cluster addresses count from
 * 10.96.1.1 and node ports from 30000 in the order of the Services.
 */
export function placeCluster(objects: readonly KubernetesObject[], nodeCount = 3): KubernetesObject[] {
  const nodes = Array.from({ length: nodeCount }, (_, index) => nodeAt(index));
  const podsOn = new Map<string, number>();
  let services = 0;
  let nodePort = 30_000;
  const placed = objects.map((object) => {
    if (object.kind === 'Pod') return placePod(object as Pod, podsOn);
    if (object.kind !== 'Service') return object;
    const service = object as Service;
    services += 1;
    const { type, ports = [] } = service.spec;
    const clusterIP = service.spec.clusterIP ?? `10.96.1.${services}`;
    const withNodePorts =
      type === 'NodePort' || type === 'LoadBalancer'
        ? ports.map((port) => ({ ...port, nodePort: nodePort++ }))
        : ports;
    return {
      ...service,
      spec: { ...service.spec, clusterIP, clusterIPs: [clusterIP], ports: withNodePorts },
    };
  });
  return [...nodes, ...placed];
}

function nodeAt(index: number): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `node-${index + 1}` },
    spec: { podCIDR: `10.244.${index}.0/24`, podCIDRs: [`10.244.${index}.0/24`] },
    status: { addresses: [{ type: 'InternalIP', address: `172.20.1.${index + 1}` }] },
  };
}

function placePod(pod: Pod, podsOn: Map<string, number>): Pod {
  const { nodeName = 'node-1', hostNetwork } = pod.spec;
  const node = Number(nodeName.replace('node-', '')) - 1;
  const hostIP = `172.20.1.${node + 1}`;
  const count = (podsOn.get(nodeName) ?? 0) + 1;
  if (hostNetwork !== true) podsOn.set(nodeName, count);
  const podIP = hostNetwork === true ? hostIP : `10.244.${node}.${count}`;
  const conditions = [{ type: 'Ready', status: 'True' as const }];
  return { ...pod, status: { phase: 'Running', hostIP, podIP, podIPs: [{ ip: podIP }], conditions } };
}
