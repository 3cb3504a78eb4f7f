import { matchesSelector } from '../selector.ts';
import type { Job } from '../types/apps.ts';
import type { PodTemplateSpec } from '../types/core.ts';
import type { KubernetesObject, LabelSelector } from '../types/meta.ts';
import { checkSelector } from './checks.ts';
import { templateProblems } from './pod.ts';
import { invalid, notSupported, required, type FieldProblem } from './problem.ts';

/** What Deployment, ReplicaSet, StatefulSet and DaemonSet have in common. */
export interface Workload extends KubernetesObject {
  spec: { replicas?: number; selector: LabelSelector; template?: PodTemplateSpec };
}

/** Rules for workloads (apps validation `ValidateDeploymentSpec` and its siblings). */
export function workloadProblems(workload: Workload): FieldProblem[] {
  const { spec } = workload;
  // A schema calls the spec optional, upstream's rules for what is in it do not.
  if (spec === undefined) return [required('spec')];
  const { selector, template, replicas = 0 } = spec;
  const problems = checkSelector('spec.selector', selector);
  if (replicas < 0) problems.push(invalid('spec.replicas', replicas, 'must be greater than or equal to 0'));
  if (isEmpty(selector)) {
    problems.push(invalid('spec.selector', selector, `empty selector is invalid for a ${workload.kind}`));
  }
  if (template === undefined) return [...problems, required('spec.template')];
  if (problems.length === 0) problems.push(...labelProblems(selector, template));
  return [...problems, ...restartProblems(template), ...templateProblems('spec.template', template)];
}

function labelProblems(selector: LabelSelector, template: PodTemplateSpec): FieldProblem[] {
  const labels = template.metadata?.labels ?? {};
  if (matchesSelector(selector, labels)) return [];
  return [invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')];
}

function restartProblems(template: PodTemplateSpec): FieldProblem[] {
  const restartPolicy = template.spec?.restartPolicy ?? 'Always';
  return restartPolicy === 'Always'
    ? []
    : [notSupported('spec.template.spec.restartPolicy', restartPolicy, ['Always'])];
}

function isEmpty({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}

/** Rules for Jobs (batch validation `ValidateJobSpec`): a pod that restarts for ever never completes. */
export function jobProblems(job: Job): FieldProblem[] {
  const { spec } = job;
  if (spec === undefined) return [required('spec')];
  const problems: FieldProblem[] = [];
  for (const field of ['parallelism', 'completions', 'backoffLimit'] as const) {
    const count = spec[field] ?? 0;
    if (count < 0) problems.push(invalid(`spec.${field}`, count, 'must be greater than or equal to 0'));
  }
  const path = 'spec.template.spec.restartPolicy';
  const restartPolicy = spec.template.spec?.restartPolicy;
  if (restartPolicy === undefined) problems.push(required(path, "valid values: 'OnFailure', 'Never'"));
  else if (restartPolicy === 'Always')
    problems.push(notSupported(path, restartPolicy, ['OnFailure', 'Never']));
  return [
    ...problems,
    ...checkSelector('spec.selector', spec.selector),
    ...templateProblems('spec.template', spec.template),
  ];
}
