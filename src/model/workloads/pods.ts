import type { DaemonSet, Job, ReplicaSet, StatefulSet } from '../../api/types/apps.ts';
import type { Node, Pod, PodTemplateSpec } from '../../api/types/core.ts';
import type { KubernetesObject, Labels } from '../../api/types/meta.ts';
import { contentHash, generatedName } from './names.ts';
import { controlledBy } from './owner.ts';

/** Says which version of a StatefulSet's or DaemonSet's template a pod was made from. */
export const revisionLabel = 'controller-revision-hash';

/** A pod made from a template for its owner, not bound to any node unless the template says so. */
export function podOf(template: PodTemplateSpec, owner: KubernetesObject, name: string): Pod {
  const { labels, annotations } = template.metadata ?? {};
  const { namespace } = owner.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ownerReferences: [controlledBy(owner)],
    },
    spec: { ...template.spec },
  };
}

/** The pod that a ReplicaSet makes as its `index`th, counted since it exists. */
export function replicaPodOf(set: ReplicaSet, index: number): Pod {
  const template = set.spec.template ?? { spec: { containers: [] } };
  return podOf(template, set, generatedName(set.metadata.name, String(index)));
}

/** Pod `NAME-ORDINAL` of a StatefulSet: its own hostname, in the domain of the set's Service. */
export function statefulPodOf(set: StatefulSet, ordinal: number): Pod {
  const { template, serviceName } = set.spec;
  const name = `${set.metadata.name}-${ordinal}`;
  const pod = withLabels(podOf(template, set, name), {
    [revisionLabel]: revisionOf(set),
    'statefulset.kubernetes.io/pod-name': name,
    'apps.kubernetes.io/pod-index': String(ordinal),
  });
  const subdomain = serviceName === undefined || serviceName === '' ? {} : { subdomain: serviceName };
  return { ...pod, spec: { ...pod.spec, hostname: name, ...subdomain } };
}

/** The ordinal in a pod's name; undefined when the pod is not of this set by its name. */
export function ordinalOf(set: StatefulSet, podName: string): number | undefined {
  const prefix = `${set.metadata.name}-`;
  const digits = podName.startsWith(prefix) ? podName.slice(prefix.length) : '';
  return /^(0|[1-9]\d{0,8})$/.test(digits) ? Number(digits) : undefined;
}

/** The pod of a DaemonSet on a node: bound at once, for no other node will do. `generation` tells pods of one node apart. */
export function daemonPodOf(set: DaemonSet, node: string, generation = ''): Pod {
  const name = generatedName(set.metadata.name, `${node} ${revisionOf(set)} ${generation}`);
  const pod = withLabels(podOf(set.spec.template, set, name), { [revisionLabel]: revisionOf(set) });
  return { ...pod, spec: { ...pod.spec, nodeName: node } };
}

/**
 * Whether a DaemonSet wants a pod on the node. Cordoned nodes and those not ready count: DaemonSets tolerate
 * both (Kubernetes, "DaemonSet: taints and tolerations").
 */
export function isDaemonNode(set: DaemonSet, node: Node): boolean {
  const { nodeName, nodeSelector } = set.spec.template.spec;
  return (nodeName === undefined || nodeName === node.metadata.name) && hasLabels(node, nodeSelector);
}

/** The pod that a Job makes as its `index`th. */
export function jobPodOf(job: Job, index: number): Pod {
  const { name, uid = '' } = job.metadata;
  return withLabels(podOf(job.spec.template, job, generatedName(name, String(index))), {
    'batch.kubernetes.io/job-name': name,
    'batch.kubernetes.io/controller-uid': uid,
    'job-name': name,
    'controller-uid': uid,
  });
}

/** How many pods of a Job run at the same time: never more than are to complete. */
export function jobParallelism({ spec }: Job): number {
  if (spec.suspend === true) return 0;
  const parallelism = spec.parallelism ?? 1;
  return spec.completions === undefined ? parallelism : Math.min(parallelism, spec.completions);
}

/** What `revisionLabel` holds for pods of the current template. */
export function revisionOf(set: StatefulSet | DaemonSet): string {
  return contentHash(set.spec.template);
}

/** Whether an object has all of these labels; true when none are asked for. */
export function hasLabels(object: KubernetesObject, wanted: Labels | undefined): boolean {
  if (wanted === undefined) return true;
  const labels = object.metadata.labels ?? {};
  return Object.keys(wanted).every((key) => Object.hasOwn(labels, key) && labels[key] === wanted[key]);
}

function withLabels(pod: Pod, labels: Labels): Pod {
  return { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, ...labels } } };
}
