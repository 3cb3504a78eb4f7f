import { resources } from '../api/resources.ts';
import type { Job } from '../api/types/apps.ts';
import type { Pod } from '../api/types/core.ts';
import { isPodReady } from '../model/workloads/pod-state.ts';
import { jobParallelism, jobPodOf } from '../model/workloads/pods.ts';
import { victimsOf } from '../model/workloads/scale-down.ts';
import { done, type Outcome } from '../reconcile/outcome.ts';
import { controllerOf, reconcilerFor, type Controller, type ControllerContext } from './controller.ts';
import { activePods, createPods, deletePods, ownerKeyOf } from './pod-writes.ts';
import { createStatusWriter, enqueueChanges } from './status.ts';
import { timestamp } from '../lib/timestamp.ts';

/**
 * Keeps the pods of every Job running. Stand-ins never finish; pods that run a real program do, and a Job is
 * complete when as many as it asks for have.
 */
export function createJobController(context: ControllerContext): Controller {
  const { cache } = context;
  const podsOf = (job: Job): readonly Pod[] => cache.podsByOwner.get(job.metadata.uid ?? '');
  const status = createStatusWriter(context, {
    resource: resources.jobs,
    informer: cache.jobs,
    statusOf: (job) =>
      statusOf(job, {
        pods: podsOf(job),
        active: activePods(context, job),
        now: timestamp(context.clock.now()),
      }),
  });

  async function reconcile(key: string): Promise<Outcome> {
    const job = cache.jobs.get(key);
    if (job === undefined || job.metadata.deletionTimestamp !== undefined) return done;
    status.touch(key);
    const active = activePods(context, job);
    const wanted = wantedNow(job, podsOf(job));
    if (active.length < wanted) await createPods(context, job, nextPods(job, wanted - active.length));
    else await deletePods(context, victimsOf(active, active.length - wanted));
    return done;
  }

  /** Ended pods stay with their names, so that their end counts. */
  function nextPods(job: Job, count: number): Pod[] {
    const pods: Pod[] = [];
    for (let index = 0; pods.length < count; index++) {
      const pod = jobPodOf(job, index);
      if (cache.pods.get(`${job.metadata.namespace ?? ''}/${pod.metadata.name}`) === undefined)
        pods.push(pod);
    }
    return pods;
  }

  const reconciler = reconcilerFor(context, 'job', reconcile);
  return controllerOf('job', [reconciler, status.reconciler], () => [
    enqueueChanges(cache.jobs, (key) => reconciler.enqueue(key)),
    cache.pods.onChange(({ previous, current }) => {
      const key = ownerKeyOf(current ?? previous, 'Job');
      if (key !== undefined) reconciler.enqueue(key);
    }),
  ]);
}

function wantedNow(job: Job, pods: readonly Pod[]): number {
  if (isFinished(job) || hasFailed(job, pods)) return 0;
  const { completions } = job.spec;
  // A work queue without a number of completions is done when any pod has succeeded.
  const left =
    completions === undefined
      ? count(pods, 'Succeeded') > 0
        ? 0
        : Infinity
      : completions - count(pods, 'Succeeded');
  return Math.max(0, Math.min(jobParallelism(job), left));
}

function isFinished({ status }: Job): boolean {
  const ends = status?.conditions?.filter(({ type }) => type === 'Complete' || type === 'Failed') ?? [];
  return ends.some((condition) => condition.status === 'True');
}

function hasFailed(job: Job, pods: readonly Pod[]): boolean {
  return count(pods, 'Failed') > (job.spec.backoffLimit ?? 6);
}

function count(pods: readonly Pod[], phase: 'Succeeded' | 'Failed'): number {
  return pods.filter(({ status }) => status?.phase === phase).length;
}

interface JobPods {
  readonly pods: readonly Pod[];
  readonly active: readonly Pod[];
  readonly now: string;
}

type Ending = Pick<NonNullable<Job['status']>, 'conditions' | 'completionTime'>;

function statusOf(job: Job, { pods, active, now }: JobPods): NonNullable<Job['status']> {
  // Its end is final, whatever becomes of its pods.
  if (isFinished(job)) return job.status ?? {};
  const [succeeded, failed] = [count(pods, 'Succeeded'), count(pods, 'Failed')];
  const complete = succeeded > 0 && succeeded >= (job.spec.completions ?? 1) && active.length === 0;
  const { creationTimestamp } = job.metadata;
  return {
    active: active.length,
    ready: active.filter(isPodReady).length,
    succeeded,
    failed,
    ...(creationTimestamp === undefined ? {} : { startTime: creationTimestamp }),
    ...(complete ? { ...completed, completionTime: job.status?.completionTime ?? now } : {}),
    ...(hasFailed(job, pods) && active.length === 0 ? gaveUp : {}),
  };
}

/** Since Kubernetes 1.31 an end is accepted only together with the condition that led to it. */
const completed: Ending = endingWith(['SuccessCriteriaMet', 'Complete'], 'CompletionsReached');
const gaveUp: Ending = endingWith(['FailureTarget', 'Failed'], 'BackoffLimitExceeded');

function endingWith(types: readonly string[], reason: string): Ending {
  return { conditions: types.map((type) => ({ type, status: 'True', reason })) };
}
