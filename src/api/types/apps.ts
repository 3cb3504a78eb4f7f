import type { PodTemplateSpec } from './core.ts';
import type { Condition, KubernetesObject, LabelSelector } from './meta.ts';

export interface Deployment extends KubernetesObject {
  spec: { replicas?: number; selector: LabelSelector; template: PodTemplateSpec; revisionHistoryLimit?: number };
  status?: ReplicaStatus & { updatedReplicas?: number; unavailableReplicas?: number };
}

export interface ReplicaSet extends KubernetesObject {
  spec: { replicas?: number; selector: LabelSelector; template?: PodTemplateSpec };
  status?: ReplicaStatus & { fullyLabeledReplicas?: number };
}

export interface StatefulSet extends KubernetesObject {
  spec: {
    replicas?: number;
    selector: LabelSelector;
    template: PodTemplateSpec;
    serviceName?: string;
    podManagementPolicy?: 'OrderedReady' | 'Parallel';
  };
  status?: ReplicaStatus & { currentReplicas?: number; updatedReplicas?: number };
}

export interface DaemonSet extends KubernetesObject {
  spec: { selector: LabelSelector; template: PodTemplateSpec };
  status?: {
    currentNumberScheduled?: number;
    desiredNumberScheduled?: number;
    numberReady?: number;
    numberAvailable?: number;
    updatedNumberScheduled?: number;
    numberMisscheduled?: number;
    observedGeneration?: number;
  };
}

/** batch/v1 Job: its pods run until the Job is deleted, for stand-ins never finish. */
export interface Job extends KubernetesObject {
  spec: { parallelism?: number; completions?: number; selector?: LabelSelector; template: PodTemplateSpec };
  status?: { active?: number; ready?: number; startTime?: string; conditions?: Condition[] };
}

export interface ReplicaStatus {
  replicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  observedGeneration?: number;
  conditions?: Condition[];
}
