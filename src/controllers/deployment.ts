import { resources } from '../api/resources.ts';
import type { Deployment, ReplicaSet } from '../api/types/apps.ts';
import type { Pod } from '../api/types/core.ts';
import { apiCode } from '../client/errors.ts';
import { isPodReady } from '../model/workloads/pod-state.ts';
import { replicaSetOf, revisionAnnotation } from '../model/workloads/replica-set.ts';
import { currentSet, revisionNumberOf, rolloutStep, type RolloutSet } from '../model/workloads/rollout.ts';
import { done, type Outcome } from '../reconcile/outcome.ts';
import { forEachBounded } from './bounded.ts';
import { controllerOf, reconcilerFor, type Controller, type ControllerContext } from './controller.ts';
import { deploymentStatusOf } from './deployment-status.ts';
import { activePods, exactly, nameOf, ownerKeyOf } from './pod-writes.ts';
import { createStatusWriter, enqueueChanges } from './status.ts';

/** Leads every Deployment's ReplicaSets from template to template, step by step as pods become ready. */
export function createDeploymentController(context: ControllerContext): Controller {
  const { cache } = context;
  const status = createStatusWriter(context, {
    resource: resources.deployments,
    informer: cache.deployments,
    statusOf: (deployment) => deploymentStatusOf(deployment, setsOf(context, deployment)),
  });

  async function reconcile(key: string): Promise<Outcome> {
    const deployment = cache.deployments.get(key);
    if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) return done;
    const sets = setsOf(context, deployment);
    status.touch(key);
    const step = rolloutStep(deployment, sets);
    const revision = nextRevision(deployment, sets);
    await Promise.all([
      step.create === undefined
        ? undefined
        : createSet(context, deployment, { replicas: step.create, revision }),
      forEachBounded(step.scale, ([name, replicas]) => scaleSet(context, { deployment, name, replicas })),
      numberRevision(context, deployment, { sets, revision }),
      forEachBounded(forgotten(deployment, sets), async (set) => {
        await context.client.delete(resources.replicasets, nameOf(set), exactly(set));
        await cache.seen.replicaSets.deleted(set);
      }),
    ]);
    return done;
  }

  function deploymentOf(pod: Pod | undefined): string | undefined {
    const set = ownerKeyOf(pod, 'ReplicaSet');
    return set === undefined ? undefined : ownerKeyOf(cache.replicaSets.get(set), 'Deployment');
  }

  const reconciler = reconcilerFor(context, 'deployment', reconcile);
  return controllerOf('deployment', [reconciler, status.reconciler], () => [
    enqueueChanges(cache.deployments, (key) => reconciler.enqueue(key)),
    cache.replicaSets.onChange(({ previous, current }) => {
      const key = ownerKeyOf(current ?? previous, 'Deployment');
      if (key !== undefined) reconciler.enqueue(key);
    }),
    cache.pods.onChange(({ previous, current }) => {
      const key = deploymentOf(current ?? previous);
      if (key !== undefined) reconciler.enqueue(key);
    }),
  ]);
}

function setsOf(context: ControllerContext, deployment: Deployment): RolloutSet[] {
  return context.cache.setsByOwner.get(deployment.metadata.uid ?? '').map((set) => ({
    set,
    pods: context.cache.podsByOwner.get(set.metadata.uid ?? '').length,
    ready: activePods(context, set).filter(isPodReady).length,
  }));
}

async function createSet(
  { client, cache }: ControllerContext,
  deployment: Deployment,
  options: { readonly replicas: number; readonly revision: number },
): Promise<void> {
  const wanted = replicaSetOf(deployment, options);
  try {
    const made = await client.create(resources.replicasets, wanted);
    await cache.seen.replicaSets.written(made);
  } catch (thrown) {
    if (apiCode(thrown) !== 'api-already-exists') throw thrown;
    await adopt({ client, cache }, wanted);
  }
}

/**
 * A set of that name is ours, from a request whose answer got lost, and the cache will bring it; or nobody's, left
 * by a Deployment that was deleted without its dependents: then it becomes ours, with its pods.
 */
async function adopt(
  { client, cache }: Pick<ControllerContext, 'client' | 'cache'>,
  wanted: ReplicaSet,
): Promise<void> {
  const found = await client.get(resources.replicasets, nameOf(wanted));
  const { ownerReferences = [], deletionTimestamp, resourceVersion } = found?.metadata ?? {};
  const isOwned = ownerReferences.some(({ controller }) => controller === true);
  if (found === undefined || isOwned || deletionTimestamp !== undefined) return;
  const owners = [...ownerReferences, ...(wanted.metadata.ownerReferences ?? [])];
  const body = { metadata: { resourceVersion, ownerReferences: owners } };
  await cache.seen.replicaSets.written(await client.patch(resources.replicasets, nameOf(wanted), { body }));
}

async function scaleSet(
  { client, cache }: ControllerContext,
  { deployment, name, replicas }: { deployment: Deployment; name: string; replicas: number },
): Promise<void> {
  const target = nameOf({ ...deployment, metadata: { ...deployment.metadata, name } });
  const scaled = await client.patch(resources.replicasets, target, { body: { spec: { replicas } } });
  await cache.seen.replicaSets.written(scaled);
}

/** The current template's place in history: one after all others, unless it has the highest already. */
function nextRevision(deployment: Deployment, sets: readonly RolloutSet[]): number {
  const fresh = currentSet(deployment, sets);
  const others = Math.max(0, ...sets.filter((one) => one !== fresh).map(({ set }) => revisionNumberOf(set)));
  return Math.max(others + 1, fresh === undefined ? 0 : revisionNumberOf(fresh.set));
}

/** Writes the revision on a ReplicaSet that became current again, and on the Deployment. */
async function numberRevision(
  { client, cache }: ControllerContext,
  deployment: Deployment,
  { sets, revision }: { sets: readonly RolloutSet[]; revision: number },
): Promise<void> {
  const fresh = currentSet(deployment, sets);
  const body = { metadata: { annotations: { [revisionAnnotation]: String(revision) } } };
  if (fresh !== undefined && revisionNumberOf(fresh.set) !== revision) {
    await cache.seen.replicaSets.written(
      await client.patch(resources.replicasets, nameOf(fresh.set), { body }),
    );
  }
  if (deployment.metadata.annotations?.[revisionAnnotation] === String(revision)) return;
  try {
    await client.patch(resources.deployments, nameOf(deployment), { body });
  } catch (thrown) {
    if (apiCode(thrown) !== 'api-not-found') throw thrown;
  }
}

/** Old ReplicaSets without pods, beyond what the history keeps. */
function forgotten(deployment: Deployment, sets: readonly RolloutSet[]): ReplicaSet[] {
  const fresh = currentSet(deployment, sets);
  const idle = sets.filter((one) => one !== fresh && one.set.spec.replicas === 0 && one.pods === 0);
  const oldestFirst = idle.toSorted((a, b) => revisionNumberOf(a.set) - revisionNumberOf(b.set));
  const count = Math.max(0, idle.length - (deployment.spec.revisionHistoryLimit ?? 10));
  return oldestFirst.slice(0, count).map(({ set }) => set);
}
