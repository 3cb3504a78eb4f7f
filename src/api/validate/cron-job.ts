import type { Job } from '../types/apps.ts';
import type { KubernetesObject } from '../types/meta.ts';
import { negativeCounts } from './kept.ts';
import { invalid, required, type FieldProblem } from './problem.ts';
import { jobSpecProblems } from './workload.ts';

interface CronJob extends KubernetesObject {
  spec?: { schedule?: string; jobTemplate?: { spec?: Job['spec'] } };
}

const counts = ['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'];

/** Rules for CronJobs (batch validation `validateCronJobSpec`). */
export function cronJobProblems(object: KubernetesObject): FieldProblem[] {
  // The schema says that this object is a CronJob.
  const { spec = {} } = object as CronJob;
  const { schedule = '', jobTemplate } = spec;
  const path = 'spec.schedule';
  const problems = schedule === '' ? [required(path)] : scheduleProblems(path, schedule);
  problems.push(...negativeCounts('spec', spec, counts));
  const job = jobTemplate?.spec;
  return job === undefined ? problems : [...problems, ...jobSpecProblems('spec.jobTemplate.spec', job)];
}

const names = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every \S+)$/;
const field = /^[\dA-Za-z*?,/-]+$/;

/** Five fields, or a name for them. */
function scheduleProblems(path: string, schedule: string): FieldProblem[] {
  const fields = schedule.trim().split(/\s+/);
  if (names.test(schedule) || (fields.length === 5 && fields.every((one) => field.test(one)))) return [];
  return [invalid(path, schedule, 'must be five fields of a cron schedule, or a name such as @hourly')];
}
