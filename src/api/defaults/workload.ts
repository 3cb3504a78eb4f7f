import type { DaemonSet, Deployment, Job, ReplicaSet, StatefulSet } from '../types/apps.ts';
import { defaultTemplate } from './pod.ts';

/** apps/v1 `SetDefaults_Deployment`. */
export function defaultDeployment(deployment: Deployment): Deployment {
  const { spec } = deployment;
  const type = spec.strategy?.type ?? 'RollingUpdate';
  const rollingUpdate = { maxUnavailable: '25%', maxSurge: '25%', ...spec.strategy?.rollingUpdate };
  return {
    ...deployment,
    spec: {
      ...spec,
      replicas: spec.replicas ?? 1,
      strategy: type === 'RollingUpdate' ? { type, rollingUpdate } : { ...spec.strategy, type },
      revisionHistoryLimit: spec.revisionHistoryLimit ?? 10,
      progressDeadlineSeconds: spec.progressDeadlineSeconds ?? 600,
      template: defaultTemplate(spec.template),
    },
  };
}

/** apps/v1 `SetDefaults_ReplicaSet`. */
export function defaultReplicaSet(replicaSet: ReplicaSet): ReplicaSet {
  const { spec } = replicaSet;
  return {
    ...replicaSet,
    spec: {
      ...spec,
      replicas: spec.replicas ?? 1,
      ...(spec.template !== undefined && { template: defaultTemplate(spec.template) }),
    },
  };
}

/** apps/v1 `SetDefaults_StatefulSet`. */
export function defaultStatefulSet(statefulSet: StatefulSet): StatefulSet {
  const { spec } = statefulSet;
  const type = spec.updateStrategy?.type ?? 'RollingUpdate';
  const rollingUpdate = { partition: 0, ...spec.updateStrategy?.rollingUpdate };
  return {
    ...statefulSet,
    spec: {
      ...spec,
      replicas: spec.replicas ?? 1,
      podManagementPolicy: spec.podManagementPolicy ?? 'OrderedReady',
      updateStrategy: type === 'RollingUpdate' ? { type, rollingUpdate } : { ...spec.updateStrategy, type },
      revisionHistoryLimit: spec.revisionHistoryLimit ?? 10,
      persistentVolumeClaimRetentionPolicy: {
        whenDeleted: 'Retain',
        whenScaled: 'Retain',
        ...spec.persistentVolumeClaimRetentionPolicy,
      },
      template: defaultTemplate(spec.template),
    },
  };
}

/** apps/v1 `SetDefaults_DaemonSet`. */
export function defaultDaemonSet(daemonSet: DaemonSet): DaemonSet {
  const { spec } = daemonSet;
  const type = spec.updateStrategy?.type ?? 'RollingUpdate';
  const rollingUpdate = { maxUnavailable: 1, maxSurge: 0, ...spec.updateStrategy?.rollingUpdate };
  return {
    ...daemonSet,
    spec: {
      ...spec,
      updateStrategy: type === 'RollingUpdate' ? { type, rollingUpdate } : { ...spec.updateStrategy, type },
      revisionHistoryLimit: spec.revisionHistoryLimit ?? 10,
      template: defaultTemplate(spec.template),
    },
  };
}

/** batch/v1 `SetDefaults_Job`: with a parallelism but no completions, it is a work queue and has no count. */
export function defaultJob(job: Job): Job {
  const { spec } = job;
  const single = spec.completions === undefined && spec.parallelism === undefined;
  return {
    ...job,
    spec: {
      ...spec,
      ...(single && { completions: 1 }),
      parallelism: spec.parallelism ?? 1,
      completionMode: spec.completionMode ?? 'NonIndexed',
      backoffLimit: spec.backoffLimit ?? 6,
      suspend: spec.suspend ?? false,
      manualSelector: spec.manualSelector ?? false,
      podReplacementPolicy: spec.podReplacementPolicy ?? 'TerminatingOrFailed',
      template: defaultTemplate(spec.template),
    },
  };
}
