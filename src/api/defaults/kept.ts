import { withoutNulls } from '../schema/nulls.ts';
import type { PodTemplateSpec } from '../types/core.ts';
import type { KubernetesObject } from '../types/meta.ts';
import { defaultTemplate } from './pod.ts';

type Fields = Record<string, unknown>;

/** An object of a kind that is only kept, with what the API server would fill in; undefined for others. */
export function defaultKept(object: KubernetesObject): KubernetesObject | undefined {
  const name = `${object.apiVersion} ${object.kind}`;
  const apply = Object.hasOwn(defaulters, name) ? defaulters[name] : undefined;
  return apply?.(withoutNulls(object) as KubernetesObject & Fields);
}

type Defaulter = (object: KubernetesObject & Fields) => KubernetesObject & Fields;

const rbac = 'rbac.authorization.k8s.io';

const defaulters: Readonly<Record<string, Defaulter>> = {
  'networking.k8s.io/v1 IngressClass': inSpec((spec) =>
    isFields(spec['parameters'])
      ? { ...spec, parameters: { scope: 'Cluster', ...spec['parameters'] } }
      : spec,
  ),
  // Fields of a feature that is not served (coordinated leader election), which upstream drops too.
  'coordination.k8s.io/v1 Lease': inSpec(({ strategy, preferredHolder, ...spec }) => {
    void [strategy, preferredHolder];
    return spec;
  }),
  'batch/v1 CronJob': inSpec(defaultCronJob),
  'autoscaling/v2 HorizontalPodAutoscaler': inSpec(defaultAutoscaler),
  'v1 LimitRange': inSpec((spec) => ({ ...spec, limits: each(spec['limits'], defaultLimit) })),
  'v1 ReplicationController': defaultController,
  'v1 PersistentVolume': (volume) => ({
    ...inSpec((spec) => ({
      persistentVolumeReclaimPolicy: 'Retain',
      volumeMode: 'Filesystem',
      ...spec,
    }))(volume),
    status: { phase: 'Pending', ...fieldsAt(volume, 'status') },
  }),
  'v1 PersistentVolumeClaim': (claim) => ({
    ...inSpec((spec) => ({ volumeMode: 'Filesystem', ...spec }))(claim),
    status: { phase: 'Pending', ...fieldsAt(claim, 'status') },
  }),
  'storage.k8s.io/v1 StorageClass': (storageClass) => ({
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'Immediate',
    ...storageClass,
  }),
  'scheduling.k8s.io/v1 PriorityClass': (priorityClass) => ({
    preemptionPolicy: 'PreemptLowerPriority',
    ...priorityClass,
  }),
  [`${rbac}/v1 RoleBinding`]: defaultBinding,
  [`${rbac}/v1 ClusterRoleBinding`]: defaultBinding,
};

function inSpec(apply: (spec: Fields) => Fields): Defaulter {
  return (object) => ({ ...object, spec: apply(fieldsAt(object, 'spec')) });
}

/** batch/v1 `SetDefaults_CronJob`. */
function defaultCronJob(spec: Fields): Fields {
  const jobTemplate = fieldsAt(spec, 'jobTemplate');
  const job = fieldsAt(jobTemplate, 'spec');
  const { template } = job;
  return {
    concurrencyPolicy: 'Allow',
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
    ...spec,
    jobTemplate: {
      ...jobTemplate,
      spec: { ...job, ...(isFields(template) && { template: defaultTemplate(asTemplate(template)) }) },
    },
  };
}

/** autoscaling/v2 `SetDefaults_HorizontalPodAutoscaler`. */
function defaultAutoscaler(spec: Fields): Fields {
  const cpu = { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } };
  const metrics = Array.isArray(spec['metrics']) && spec['metrics'].length > 0 ? spec['metrics'] : undefined;
  const behavior = spec['behavior'];
  return {
    minReplicas: 1,
    ...spec,
    metrics: metrics ?? [{ type: 'Resource', resource: cpu }],
    ...(isFields(behavior) && { behavior: defaultBehavior(behavior) }),
  };
}

const upPolicies = [
  { type: 'Pods', value: 4, periodSeconds: 15 },
  { type: 'Percent', value: 100, periodSeconds: 15 },
];
const downPolicies = [{ type: 'Percent', value: 100, periodSeconds: 15 }];

function defaultBehavior(behavior: Fields): Fields {
  return {
    ...behavior,
    scaleUp: {
      stabilizationWindowSeconds: 0,
      selectPolicy: 'Max',
      policies: upPolicies,
      ...fieldsAt(behavior, 'scaleUp'),
    },
    scaleDown: { selectPolicy: 'Max', policies: downPolicies, ...fieldsAt(behavior, 'scaleDown') },
  };
}

/** core/v1 `SetDefaults_LimitRangeItem`: what a container may have at most, it gets where it asks for nothing. */
function defaultLimit(limit: Fields): Fields {
  if (limit['type'] !== 'Container') return limit;
  const byDefault = { ...fieldsAt(limit, 'max'), ...fieldsAt(limit, 'default') };
  const request = { ...fieldsAt(limit, 'min'), ...byDefault, ...fieldsAt(limit, 'defaultRequest') };
  return {
    ...limit,
    ...(Object.keys(byDefault).length > 0 && { default: byDefault }),
    ...(Object.keys(request).length > 0 && { defaultRequest: request }),
  };
}

/** core/v1 `SetDefaults_ReplicationController`: selector and labels are those of its pods. */
function defaultController(controller: KubernetesObject & Fields): KubernetesObject & Fields {
  const spec = fieldsAt(controller, 'spec');
  const template = isFields(spec['template']) ? asTemplate(spec['template']) : undefined;
  const labels = template?.metadata?.labels ?? {};
  const { metadata } = controller;
  const own = metadata.labels ?? {};
  const isLabelled = Object.keys(own).length > 0 || Object.keys(labels).length === 0;
  const selector = fieldsAt(spec, 'selector');
  return {
    ...controller,
    metadata: isLabelled ? metadata : { ...metadata, labels },
    spec: {
      replicas: 1,
      ...spec,
      selector: Object.keys(selector).length > 0 ? selector : labels,
      ...(template !== undefined && { template: defaultTemplate(template) }),
    },
  };
}

/** rbac/v1 `SetDefaults_RoleBinding`, `SetDefaults_Subject`. */
function defaultBinding(binding: KubernetesObject & Fields): KubernetesObject & Fields {
  const subjects = each(binding['subjects'], (subject) =>
    subject['kind'] === 'User' || subject['kind'] === 'Group' ? { apiGroup: rbac, ...subject } : subject,
  );
  return {
    ...binding,
    roleRef: { apiGroup: rbac, ...fieldsAt(binding, 'roleRef') },
    ...(subjects !== undefined && { subjects }),
  };
}

function each(list: unknown, apply: (one: Fields) => Fields): unknown {
  return Array.isArray(list) ? list.map((one: unknown) => (isFields(one) ? apply(one) : one)) : list;
}

function fieldsAt(fields: Fields | (KubernetesObject & Fields), name: string): Fields {
  const value = fields[name];
  return isFields(value) ? value : {};
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The schema of workloads says that it is one. */
function asTemplate(template: Fields): PodTemplateSpec {
  return template as unknown as PodTemplateSpec;
}
