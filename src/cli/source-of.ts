import type { SourceOf } from '../analysis/flow.ts';
import { keyOf } from '../api/resources.ts';
import type { Cluster } from '../model/cluster.ts';
import { workloadOf } from '../model/workloads/workload-of.ts';
import type { LoadedObject } from './manifests/objects.ts';

/** Finds objects in the manifests they were read from; a pod that is not among them, in its workload's template. */
export function sourceOfManifests(
  loaded: readonly LoadedObject[],
  { pods }: Pick<Cluster, 'pods'>,
): SourceOf {
  const found = new Map(loaded.map((one) => [`${one.object.kind} ${keyOf(one.object)}`, one]));
  return ({ kind, key }, path) => {
    const own = found.get(`${kind} ${key}`);
    if (own !== undefined) return { file: own.source.file, line: own.lineOf(path) };
    const pod = kind === 'Pod' ? pods.get(key) : undefined;
    if (pod === undefined) return undefined;
    const workload = workloadOf(pod);
    const template = found.get(`${workload.kind} ${workload.namespace}/${workload.name}`);
    if (template === undefined) return undefined;
    const prefix = workload.kind === 'CronJob' ? 'spec.jobTemplate.spec.template' : 'spec.template';
    return { file: template.source.file, line: template.lineOf(`${prefix}.${path}`) };
  };
}
