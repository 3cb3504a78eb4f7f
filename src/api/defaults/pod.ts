import type { Container, Pod, PodSpec, PodTemplateSpec } from '../types/core.ts';

/** Defaults of a Pod (core/v1 `SetDefaults_Pod`, `SetDefaults_PodSpec`), as far as the network or its users see them. */
export function defaultPod(pod: Pod): Pod {
  return { ...pod, spec: defaultPodSpec(pod.spec) };
}

/** Defaults of the pods of a workload; the same as those of a Pod. */
export function defaultTemplate(template: PodTemplateSpec): PodTemplateSpec {
  return { ...template, spec: defaultPodSpec(template.spec) };
}

function defaultPodSpec(spec: PodSpec): PodSpec {
  const hostNetwork = spec.hostNetwork === true;
  const containers = (list: Container[]): Container[] =>
    list.map((one) => defaultContainer(one, hostNetwork));
  return {
    ...spec,
    containers: containers(spec.containers),
    ...(spec.initContainers !== undefined && { initContainers: containers(spec.initContainers) }),
    dnsPolicy: spec.dnsPolicy ?? 'ClusterFirst',
    restartPolicy: spec.restartPolicy ?? 'Always',
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? 30,
  };
}

/** A pod in the node's own network has its container ports on the node, so they are host ports too. */
function defaultContainer(container: Container, hostNetwork: boolean): Container {
  if (container.ports === undefined) return container;
  const ports = container.ports.map((port) => ({
    ...port,
    protocol: port.protocol ?? ('TCP' as const),
    ...(hostNetwork && { hostPort: port.hostPort ?? port.containerPort }),
  }));
  return { ...container, ports };
}
