import type { Container, Pod } from '../../api/types/core.ts';
import type { NamedPort, PodFacts } from '../policy/port.ts';

/**
 * What policies can see of a pod. Undefined for a pod on the host network: it shares its node's addresses, so no
 * policy selects it and no peer selector finds it (NetworkPolicy, "hostNetwork pods").
 */
export function podFacts(pod: Pod): PodFacts | undefined {
  if (pod.spec.hostNetwork === true) return undefined;
  return {
    namespace: pod.metadata.namespace ?? 'default',
    labels: pod.metadata.labels ?? {},
    namedPorts: namedPortsOf(pod),
  };
}

/** Containers that run as long as the pod: the ordinary ones and the sidecars (KEP-753). */
export function lastingContainers(pod: Pod): Container[] {
  const sidecars = (pod.spec.initContainers ?? []).filter(
    (container) => container.restartPolicy === 'Always',
  );
  return [...pod.spec.containers, ...sidecars];
}

/** A name that two containers give to one protocol belongs to the first, as in the kubelet's look-up. */
function namedPortsOf(pod: Pod): NamedPort[] {
  const ports = new Map<string, NamedPort>();
  for (const { name, protocol = 'TCP', containerPort } of lastingContainers(pod).flatMap(
    (c) => c.ports ?? [],
  )) {
    const key = `${name} ${protocol}`;
    if (name !== undefined && !ports.has(key)) ports.set(key, { name, protocol, port: containerPort });
  }
  return [...ports.values()];
}
