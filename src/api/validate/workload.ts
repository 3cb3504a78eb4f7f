import { matchesSelector } from '../selector.ts';
import type { Job } from '../types/apps.ts';
import type { PodTemplateSpec } from '../types/core.ts';
import type { IntOrString, KubernetesObject, LabelSelector } from '../types/meta.ts';
import { checkSelector } from './checks.ts';
import { amountProblems, negativeCounts } from './kept.ts';
import { templateProblems } from './pod.ts';
import { forbidden, invalid, notSupported, required, type FieldProblem } from './problem.ts';

/** What Deployment, ReplicaSet, StatefulSet and DaemonSet have in common. */
export interface Workload extends KubernetesObject {
  spec: {
    replicas?: number;
    minReadySeconds?: number;
    revisionHistoryLimit?: number;
    progressDeadlineSeconds?: number;
    selector: LabelSelector;
    template?: PodTemplateSpec;
    strategy?: { type?: string; rollingUpdate?: Rollout };
    updateStrategy?: { type?: string; rollingUpdate?: Rollout };
  };
}

interface Rollout {
  maxUnavailable?: IntOrString;
  maxSurge?: IntOrString;
}

/** Rules for workloads (apps validation `ValidateDeploymentSpec` and its siblings). */
export function workloadProblems(workload: Workload): FieldProblem[] {
  const { spec } = workload;
  // A schema calls the spec optional, upstream's rules for what is in it do not.
  if (spec === undefined) return [required('spec')];
  const { selector, template } = spec;
  const problems = [
    ...checkSelector('spec.selector', selector),
    ...negativeCounts('spec', spec, ['minReadySeconds', 'revisionHistoryLimit']),
    ...(workload.kind === 'DaemonSet' ? [] : negativeCounts('spec', spec, ['replicas'])),
    ...rolloutProblems(workload.kind, spec),
  ];
  if (isEmpty(selector)) {
    problems.push(invalid('spec.selector', selector, `empty selector is invalid for a ${workload.kind}`));
  }
  if (template === undefined) return [...problems, required('spec.template')];
  if (problems.length === 0) problems.push(...labelProblems(selector, template));
  return [...problems, ...restartProblems(template), ...templateProblems('spec.template', template)];
}

/** When a rollout counts as stuck, and how many pods it may take away and add: not none of both. */
function rolloutProblems(kind: string, spec: Workload['spec']): FieldProblem[] {
  if (kind === 'DaemonSet') return daemonRolloutProblems(spec.updateStrategy?.rollingUpdate);
  if (kind !== 'Deployment') return [];
  const { strategy, minReadySeconds = 0, progressDeadlineSeconds: deadline } = spec;
  const problems = strategy?.rollingUpdate === undefined ? [] : deploymentRolloutProblems(strategy);
  if (deadline !== undefined && deadline <= minReadySeconds)
    problems.push(invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'));
  return problems;
}

function deploymentRolloutProblems(strategy: { type?: string; rollingUpdate?: Rollout }): FieldProblem[] {
  const path = 'spec.strategy.rollingUpdate';
  const { maxSurge = '25%', maxUnavailable = '25%' } = strategy.rollingUpdate ?? {};
  if (strategy.type === 'Recreate')
    return [forbidden(path, "may not be specified when strategy `type` is 'Recreate'")];
  const problems = amountProblems(`${path}.maxUnavailable`, maxUnavailable);
  // More than all may be added.
  if (typeof maxSurge === 'number' || !/^\d+%$/.test(maxSurge))
    problems.push(...amountProblems(`${path}.maxSurge`, maxSurge));
  if (isNone(maxSurge) && isNone(maxUnavailable))
    problems.push(invalid(`${path}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  return problems;
}

const isNone = (amount: IntOrString): boolean => amount === 0 || amount === '0%';

function daemonRolloutProblems(rollout: Rollout | undefined): FieldProblem[] {
  const { maxUnavailable = 1, maxSurge = 0 } = rollout ?? {};
  const path = 'spec.updateStrategy.rollingUpdate';
  const problems = amountProblems(`${path}.maxUnavailable`, maxUnavailable);
  if (isNone(maxUnavailable) && isNone(maxSurge))
    problems.push(required(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'));
  return problems;
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

const jobCounts = [
  'parallelism',
  'completions',
  'backoffLimit',
  'activeDeadlineSeconds',
  'ttlSecondsAfterFinished',
];

/** Rules for Jobs (batch validation `ValidateJobSpec`): a pod that restarts for ever never completes. */
export function jobProblems({ spec }: Job): FieldProblem[] {
  return spec === undefined ? [required('spec')] : jobSpecProblems('spec', spec);
}

/** Which pods are its own, a new Job leaves to the server, unless it says that it does not. */
export function newJobProblems({ spec }: Job): FieldProblem[] {
  if (spec?.selector === undefined || spec.manualSelector === true) return [];
  const labels = spec.template.metadata?.labels ?? {};
  return [
    invalid('spec.selector', spec.selector, '`selector` not auto-generated'),
    invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'),
  ];
}

/** The same for the Jobs that a CronJob makes. */
export function jobSpecProblems(at: string, spec: Job['spec']): FieldProblem[] {
  const problems = negativeCounts(at, spec, jobCounts);
  if (spec.completionMode === 'Indexed' && spec.completions === undefined)
    problems.push(required(`${at}.completions`, 'when completion mode is Indexed'));
  const path = `${at}.template.spec.restartPolicy`;
  const restartPolicy = spec.template.spec?.restartPolicy;
  if (restartPolicy === undefined) problems.push(required(path, "valid values: 'OnFailure', 'Never'"));
  else if (restartPolicy === 'Always')
    problems.push(notSupported(path, restartPolicy, ['OnFailure', 'Never']));
  return [
    ...problems,
    ...checkSelector(`${at}.selector`, spec.selector),
    ...templateProblems(`${at}.template`, spec.template),
  ];
}
