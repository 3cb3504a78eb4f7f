import type { Pod } from '../../api/types/core.ts';
import type { Protocol } from '../../api/types/meta.ts';
import { lastingContainers } from '../../model/identity/pod-facts.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import type { End } from './ends.ts';

/** A port on which a pod listens, as its containers declare it. */
export interface DeclaredPort {
  readonly protocol: Protocol;
  readonly port: number;
}

/** The ports of a pod, each once, in the order of its containers. */
export function declaredPorts(pod: Pod): DeclaredPort[] {
  const ports = new Map<string, DeclaredPort>();
  for (const { containerPort: port, protocol = 'TCP' } of lastingContainers(pod).flatMap(
    (one) => one.ports ?? [],
  )) {
    ports.set(`${protocol} ${port}`, { protocol, port });
  }
  return [...ports.values()];
}

/** Whether somebody at this end listens; outside the cluster nothing is known, so somebody may. */
export function isListening(
  index: ClusterIndex,
  { pod, place }: End,
  { protocol, port }: DeclaredPort,
): boolean {
  if (place?.kind === 'external') return true;
  const declares = (one: Pod | undefined): boolean =>
    one !== undefined &&
    declaredPorts(one).some((declared) => declared.protocol === protocol && declared.port === port);
  if (pod !== undefined) return declares(index.cluster.pods.get(pod));
  return hostPods(index, place?.node).some(declares);
}

/** The pods that share a node's own addresses. */
function hostPods({ cluster }: ClusterIndex, node: string | undefined): Pod[] {
  return [...cluster.pods.values()].filter(({ spec }) => spec.hostNetwork === true && spec.nodeName === node);
}
