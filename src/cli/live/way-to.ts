import { WeftError } from '../../lib/errors.ts';
import { loopback, type WayInside } from '../../lab/pod-streams.ts';
import type { Cluster } from '../../model/cluster.ts';
import { nodeNetns } from '../../model/fabric/default-fabric.ts';
import { resolveDestination, type Target } from '../endpoints/resolve.ts';
import { podNetns } from './probe-of.ts';

/** Where a destination is reached inside the lab, and what it is called. */
export interface Way extends WayInside {
  readonly name: string;
}

/**
 * The way to what a text names: a pod's or node's port on its own loopback, as `kubectl port-forward` has it; a Service's
 * on its address, asked for by a node, so that the node's proxy chooses the endpoint. Of a workload's pods the first.
 * Throws as `resolveDestination`, and `endpoint-invalid` for what no TCP connection of ours leads to.
 */
export function wayTo(cluster: Cluster, text: string): Way {
  const [target] = resolveDestination(cluster, text).all;
  if (target.protocol !== 'TCP') throw invalid(target, `only TCP can be opened, not ${target.protocol}`);
  return { name: target.name, port: target.port, ...placeOf(cluster, target) };
}

function placeOf(cluster: Cluster, target: Target): Pick<WayInside, 'netns' | 'addresses'> {
  const { end } = target;
  if (end.kind === 'pod') {
    const pod = cluster.pods.get(end.key);
    if (!pod?.spec.nodeName) throw invalid(target, 'the pod is on no node (yet)');
    return { netns: podNetns(pod), addresses: loopback };
  }
  if (end.kind === 'node') return { netns: nodeNetns(end.name), addresses: loopback };
  if (end.kind === 'service') {
    const spec = cluster.services.get(end.key)?.spec;
    const addresses = spec?.clusterIPs ?? [spec?.clusterIP ?? ''];
    return { netns: nodeNetns(nodeNear(cluster, end.key)), addresses };
  }
  throw invalid(target, 'only pods, workloads, Services and nodes can be opened');
}

/** A node with a ready endpoint, which internalTrafficPolicy Local takes; any where there is none. */
function nodeNear({ endpointSlices, nodes }: Cluster, key: string): string {
  const [namespace, name] = key.split('/');
  for (const { metadata, endpoints } of endpointSlices.values()) {
    if (metadata.namespace !== namespace) continue;
    if (metadata.labels?.['kubernetes.io/service-name'] !== name) continue;
    const near = endpoints.find(({ conditions, nodeName }) => nodeName && conditions?.ready !== false);
    if (near?.nodeName) return near.nodeName;
  }
  const [any = ''] = nodes.keys();
  return any;
}

function invalid({ name }: Target, why: string): WeftError {
  return new WeftError('endpoint-invalid', `${name}: ${why}`, {
    fault: 'input',
    hint: 'open a pod (pod:NAMESPACE/NAME:PORT) or a Service (svc:NAMESPACE/NAME[:PORT])',
  });
}
