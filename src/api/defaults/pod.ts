import type { Container, Pod, PodSpec, PodTemplateSpec } from '../types/core.ts';
import { defaultContainer } from './container.ts';

/** Defaults of a Pod (core/v1 `SetDefaults_Pod`, `SetDefaults_PodSpec`). */
export function defaultPod(pod: Pod): Pod {
  const spec = defaultPodSpec(pod.spec);
  const containers = (list: readonly Container[]): Container[] => list.map(withRequests);
  return {
    ...pod,
    spec: {
      ...spec,
      containers: containers(spec.containers),
      ...(spec.initContainers !== undefined && { initContainers: containers(spec.initContainers) }),
      enableServiceLinks: spec.enableServiceLinks ?? true,
    },
  };
}

/** Defaults of the pods of a workload. Some of a Pod's it lacks: they come with the Pod. */
export function defaultTemplate(template: PodTemplateSpec): PodTemplateSpec {
  return { ...template, spec: defaultPodSpec(template.spec) };
}

function defaultPodSpec(spec: PodSpec): PodSpec {
  const hostNetwork = spec.hostNetwork === true;
  const containers = (list: readonly Container[]): Container[] =>
    list.map((one) => defaultContainer(one, hostNetwork));
  return {
    ...spec,
    containers: containers(spec.containers),
    ...(spec.initContainers !== undefined && { initContainers: containers(spec.initContainers) }),
    ...(spec.volumes !== undefined && { volumes: spec.volumes.map(defaultVolume) }),
    dnsPolicy: spec.dnsPolicy ?? 'ClusterFirst',
    restartPolicy: spec.restartPolicy ?? 'Always',
    schedulerName: spec.schedulerName ?? 'default-scheduler',
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? 30,
  };
}

/** Who says what a container may have at most, and not what it needs, means the same by both. */
function withRequests(container: Container): Container {
  const { resources } = container;
  if (resources?.limits === undefined) return container;
  return {
    ...container,
    resources: { ...resources, requests: { ...resources.limits, ...resources.requests } },
  };
}

/** Who may read files that the cluster writes: 0644 in octal. */
const fileMode = 0o644;

type Volume = NonNullable<PodSpec['volumes']>[number];

function defaultVolume(volume: Volume): Volume {
  for (const source of ['configMap', 'secret', 'downwardAPI', 'projected'] as const) {
    const own = volume[source];
    if (own !== undefined) return { ...volume, [source]: { defaultMode: fileMode, ...own } };
  }
  return volume;
}
