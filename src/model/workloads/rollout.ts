import type { Deployment, ReplicaSet } from '../../api/types/apps.ts';
import type { IntOrString } from '../../api/types/meta.ts';
import { revisionAnnotation, templateHashLabel, templateHashOf } from './replica-set.ts';

/** A ReplicaSet of a Deployment and what its pods are doing. */
export interface RolloutSet {
  readonly set: ReplicaSet;
  /** Pods that exist, being deleted or not. */
  readonly pods: number;
  /** Pods that are ready and stay. */
  readonly ready: number;
}

/** One step of a rollout; steps follow each other as pods become ready. */
export interface RolloutStep {
  /** Make the ReplicaSet of the current template with this many replicas. */
  readonly create?: number;
  /** New replica counts of existing ReplicaSets, by name; only those that change. */
  readonly scale: ReadonlyMap<string, number>;
}

/** The ReplicaSet of the Deployment's current template; undefined before it is made. */
export function currentSet<T extends { readonly set: ReplicaSet }>(
  deployment: Deployment,
  sets: readonly T[],
): T | undefined {
  const hash = templateHashOf(deployment);
  return sets.find(({ set }) => set.metadata.labels?.[templateHashLabel] === hash);
}

/** A ReplicaSet's place in its Deployment's history; 0 when it does not say. */
export function revisionNumberOf(set: ReplicaSet): number {
  return Number(set.metadata.annotations?.[revisionAnnotation] ?? 0) || 0;
}

/**
 * The next step towards all pods being of the current template (deployment controller, `rolloutRolling` and
 * `rolloutRecreate`): never more than replicas + maxSurge pods are asked for, and old pods that are ready go only
 * while at least replicas - maxUnavailable ready ones stay.
 */
export function rolloutStep(deployment: Deployment, sets: readonly RolloutSet[]): RolloutStep {
  const wanted = deployment.spec.replicas ?? 1;
  const fresh = currentSet(deployment, sets);
  const old = sets.filter((one) => one !== fresh);
  const recreate = deployment.spec.strategy?.type === 'Recreate';
  const target = recreate ? recreateTarget(old, wanted) : surgeTarget(deployment, { fresh, old });
  const scale = new Map<string, number>();
  if (fresh !== undefined && target !== undefined) plan(scale, fresh, target);
  if (recreate) for (const one of old) plan(scale, one, 0);
  else shrinkOld(deployment, { fresh, old, scale });
  return fresh === undefined && target !== undefined ? { create: target, scale } : { scale };
}

/** With `Recreate`, nothing new comes before the last old pod is gone. */
function recreateTarget(old: readonly RolloutSet[], wanted: number): number | undefined {
  return old.some(({ pods }) => pods > 0) ? undefined : wanted;
}

interface Sides {
  readonly fresh: RolloutSet | undefined;
  readonly old: readonly RolloutSet[];
}

function surgeTarget(deployment: Deployment, { fresh, old }: Sides): number {
  const wanted = deployment.spec.replicas ?? 1;
  const now = fresh === undefined ? 0 : replicasOf(fresh.set);
  if (now >= wanted) return wanted;
  const room = wanted + limitsOf(deployment).maxSurge - total(old, ({ set }) => replicasOf(set)) - now;
  return Math.min(wanted, now + Math.max(0, room));
}

function shrinkOld(
  deployment: Deployment,
  { fresh, old, scale }: Sides & { scale: Map<string, number> },
): void {
  const wanted = deployment.spec.replicas ?? 1;
  const minAvailable = wanted - limitsOf(deployment).maxUnavailable;
  const freshReplicas = fresh === undefined ? 0 : replicasOf(fresh.set);
  const freshReady = fresh === undefined ? 0 : Math.min(fresh.ready, freshReplicas);
  const asked = total(old, ({ set }) => replicasOf(set)) + freshReplicas;
  let unhealthyBudget = asked - minAvailable - (freshReplicas - freshReady);
  const oldestFirst = old.toSorted((a, b) => revisionNumberOf(a.set) - revisionNumberOf(b.set));
  const left = new Map(oldestFirst.map((one) => [one, replicasOf(one.set)]));
  for (const one of oldestFirst) {
    const replicas = left.get(one) ?? 0;
    const unhealthy = Math.max(0, Math.min(replicas - one.ready, unhealthyBudget));
    left.set(one, replicas - unhealthy);
    unhealthyBudget -= unhealthy;
  }
  let spare = total(old, ({ set, ready }) => Math.min(ready, replicasOf(set))) + freshReady - minAvailable;
  for (const one of oldestFirst) {
    const replicas = left.get(one) ?? 0;
    // Those that are not ready go first when a set shrinks, so only what remains of it must be ready.
    const healthy = Math.max(0, Math.min(replicas, spare, unhealthyBudget));
    left.set(one, replicas - healthy);
    spare -= healthy;
    unhealthyBudget -= healthy;
  }
  for (const [one, replicas] of left) plan(scale, one, replicas);
}

function plan(scale: Map<string, number>, { set }: RolloutSet, replicas: number): void {
  if (replicasOf(set) !== replicas) scale.set(set.metadata.name, replicas);
}

function limitsOf(deployment: Deployment): { maxSurge: number; maxUnavailable: number } {
  const wanted = deployment.spec.replicas ?? 1;
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec.strategy?.rollingUpdate ?? {};
  const surge = scaled(maxSurge, wanted, Math.ceil);
  const unavailable = Math.min(wanted, scaled(maxUnavailable, wanted, Math.floor));
  // Both may round to nothing, and then no step would ever be possible.
  return { maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** A number, or a percentage of `of`. */
export function scaled(value: IntOrString, of: number, round: (value: number) => number): number {
  if (typeof value === 'number') return Math.max(0, value);
  const percent = /^(\d{1,4})%$/.exec(value);
  return percent === null ? 0 : round((Number(percent[1]) * of) / 100);
}

function replicasOf(set: ReplicaSet): number {
  return set.spec.replicas ?? 1;
}

function total(sets: readonly RolloutSet[], countOf: (one: RolloutSet) => number): number {
  return sets.reduce((sum, one) => sum + countOf(one), 0);
}
