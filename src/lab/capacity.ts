import type { PodSpec } from '../api/types/core.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import { WeftError } from '../lib/errors.ts';
import { readMachineLimits, requireLimits, type MachineLimits } from './machine-limits.ts';
import { labPlaces, type LabOptions } from './options.ts';

/** What workloads ask for, before anything is expanded: ten thousand replicas are one number here. */
interface Demand {
  readonly pods: number;
  /** Ports that somebody listens on, of all pods together. */
  readonly ports: number;
}

/** Pods that every lab has: the cluster DNS. */
const systemPods = 1;

/**
 * Throws `pod-range-too-small` when the pod ranges have no block for one of the nodes, `too-many-pods` when the manifests ask for more pods than the lab's nodes take, naming who asks for most, and
 * `machine-limit` when a limit of this machine is too low for them, naming it.
 */
export function checkCapacity(
  objects: readonly KubernetesObject[],
  { nodes, config }: Pick<LabOptions, 'nodes' | 'config'>,
  limits: MachineLimits = readMachineLimits(),
): void {
  labPlaces({ nodes, config });
  const demands = objects.map((object) => ({ object, ...demandOf(object, nodes) }));
  const sum = (of: (demand: Demand) => number): number => demands.reduce((total, one) => total + of(one), 0);
  const pods = sum((demand) => demand.pods) + systemPods;
  const most = nodes * config.maxPodsPerNode;
  if (pods > most) {
    const [largest] = demands.toSorted((a, b) => b.pods - a.pods);
    const asks = largest === undefined ? '' : `, ${largest.pods} of them ${nameOf(largest.object)}`;
    throw new WeftError(
      'too-many-pods',
      `the manifests ask for ${pods} pods${asks}; ${nodes} nodes take ${most}, ${config.maxPodsPerNode} each`,
      {
        fault: 'input',
        hint: 'Use fewer replicas, more --nodes, or a larger ClusterNetwork spec.maxPodsPerNode.',
      },
    );
  }
  requireLimits({ pods, ports: sum((demand) => demand.ports), nodes }, limits);
}

function demandOf(object: KubernetesObject, nodes: number): Demand {
  const { spec = {} } = object as { spec?: WorkloadSpec };
  const pods = podsOf(object.kind, spec, nodes);
  const containers = (object.kind === 'Pod' ? spec.containers : spec.template?.spec?.containers) ?? [];
  return { pods, ports: pods * containers.reduce((total, { ports }) => total + (ports?.length ?? 0), 0) };
}

type WorkloadSpec = Partial<PodSpec> & {
  readonly replicas?: number;
  readonly parallelism?: number;
  readonly template?: { readonly spec?: PodSpec };
};

function podsOf(kind: string, spec: WorkloadSpec, nodes: number): number {
  switch (kind) {
    case 'Pod':
      return 1;
    case 'Deployment':
    case 'ReplicaSet':
    case 'StatefulSet':
      return spec.replicas ?? 1;
    case 'Job':
      return spec.parallelism ?? 1;
    case 'DaemonSet':
      // It may select fewer nodes; that many it never asks for in vain.
      return spec.template?.spec?.nodeSelector === undefined ? nodes : 0;
    default:
      return 0;
  }
}

function nameOf({ kind, metadata }: KubernetesObject): string {
  return `by ${kind} ${metadata.namespace ?? 'default'}/${metadata.name}`;
}
