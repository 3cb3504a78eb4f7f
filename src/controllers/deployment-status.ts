import type { Deployment } from '../api/types/apps.ts';
import type { Condition } from '../api/types/meta.ts';
import { currentSet, scaled, type RolloutSet } from '../model/workloads/rollout.ts';

/** The status that `kubectl rollout status` and `kubectl describe deployment` read (apps/v1 DeploymentStatus). */
export function deploymentStatusOf(
  deployment: Deployment,
  sets: readonly RolloutSet[],
): NonNullable<Deployment['status']> {
  const wanted = deployment.spec.replicas ?? 1;
  const fresh = currentSet(deployment, sets);
  const replicas = sets.reduce((sum, { pods }) => sum + pods, 0);
  const ready = sets.reduce((sum, one) => sum + one.ready, 0);
  const updated = fresh?.pods ?? 0;
  const complete = updated === wanted && replicas === wanted && ready === wanted;
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas,
    updatedReplicas: updated,
    readyReplicas: ready,
    availableReplicas: ready,
    unavailableReplicas: Math.max(0, Math.max(wanted, replicas) - ready),
    conditions: [available(deployment, ready), progressing(fresh, complete)],
  };
}

function available(deployment: Deployment, ready: number): Condition {
  const wanted = deployment.spec.replicas ?? 1;
  const { maxUnavailable = '25%' } = deployment.spec.strategy?.rollingUpdate ?? {};
  const enough = ready >= wanted - scaled(maxUnavailable, wanted, Math.floor);
  return enough
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
}

function progressing(fresh: RolloutSet | undefined, complete: boolean): Condition {
  const name = fresh?.set.metadata.name;
  if (name === undefined) {
    return {
      type: 'Progressing',
      status: 'True',
      reason: 'ReplicaSetUpdated',
      message: 'A ReplicaSet is being made.',
    };
  }
  return complete
    ? {
        type: 'Progressing',
        status: 'True',
        reason: 'NewReplicaSetAvailable',
        message: `ReplicaSet "${name}" has successfully progressed.`,
      }
    : {
        type: 'Progressing',
        status: 'True',
        reason: 'ReplicaSetUpdated',
        message: `ReplicaSet "${name}" is progressing.`,
      };
}
