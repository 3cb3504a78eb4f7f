import type { PodTemplateSpec } from '../types/core.ts';
import type { KubernetesObject, Labels } from '../types/meta.ts';
import { negativeCounts } from './kept.ts';
import { templateProblems } from './pod.ts';
import { invalid, required, type FieldProblem } from './problem.ts';

interface Controller extends KubernetesObject {
  spec?: { replicas?: number; minReadySeconds?: number; selector?: Labels; template?: PodTemplateSpec };
}

/** Rules for ReplicationControllers (core validation `ValidateReplicationControllerSpec`). */
export function controllerProblems(object: KubernetesObject): FieldProblem[] {
  // The schema says that this object is a ReplicationController.
  const { spec = {} } = object as Controller;
  const { selector = {}, template } = spec;
  const problems = negativeCounts('spec', spec, ['replicas', 'minReadySeconds']);
  if (template === undefined) return [...problems, required('spec.template')];
  const labels = template.metadata?.labels ?? {};
  const fits = Object.entries(selector).every(([key, value]) => labels[key] === value);
  if (!fits)
    problems.push(
      invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'),
    );
  return [...problems, ...templateProblems('spec.template', template)];
}
