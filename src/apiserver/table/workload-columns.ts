import { arrayAt, numberAt, textAt, valueAt, type StoredObject } from '../json.ts';
import {
  ageColumn,
  ageOf,
  containerColumns,
  labelsText,
  nameColumn,
  numberColumn,
  selectorColumn,
  type Column,
} from './column.ts';

const readyOfDesired: Column = {
  name: 'Ready',
  cell: (object) => `${numberAt(object, ['status', 'readyReplicas'])}/${desired(object)}`,
};

/** Replicas default to one. */
function desired(object: StoredObject): number {
  return valueAt(object, ['spec', 'replicas']) === undefined ? 1 : numberAt(object, ['spec', 'replicas']);
}

export const deploymentColumns: readonly Column[] = [
  nameColumn,
  readyOfDesired,
  { ...numberColumn('Up-to-date', ['status', 'updatedReplicas']), type: 'string' },
  { ...numberColumn('Available', ['status', 'availableReplicas']), type: 'string' },
  ageColumn,
  ...containerColumns,
  selectorColumn,
];

export const replicaSetColumns: readonly Column[] = [
  nameColumn,
  { name: 'Desired', type: 'integer', cell: desired },
  numberColumn('Current', ['status', 'replicas']),
  numberColumn('Ready', ['status', 'readyReplicas']),
  ageColumn,
  ...containerColumns,
  selectorColumn,
];

export const statefulSetColumns: readonly Column[] = [
  nameColumn,
  readyOfDesired,
  ageColumn,
  ...containerColumns,
];

export const daemonSetColumns: readonly Column[] = [
  nameColumn,
  numberColumn('Desired', ['status', 'desiredNumberScheduled']),
  numberColumn('Current', ['status', 'currentNumberScheduled']),
  numberColumn('Ready', ['status', 'numberReady']),
  numberColumn('Up-to-date', ['status', 'updatedNumberScheduled']),
  numberColumn('Available', ['status', 'numberAvailable']),
  {
    name: 'Node Selector',
    cell: (object) => labelsText(valueAt(object, ['spec', 'template', 'spec', 'nodeSelector'])),
  },
  ageColumn,
  ...containerColumns,
  selectorColumn,
];

export const jobColumns: readonly Column[] = [
  nameColumn,
  { name: 'Status', cell: jobStatus },
  { name: 'Completions', cell: completions },
  { name: 'Duration', cell: jobDuration },
  ageColumn,
  ...containerColumns,
  selectorColumn,
];

/** Conditions in the order in which they count; what is being deleted comes after the first two. */
const finished = ['Complete', 'Failed'];
const underway = ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'];

function jobStatus(job: StoredObject): string {
  const held = arrayAt(job, ['status', 'conditions']).filter((it) => textAt(it, ['status']) === 'True');
  const types = held.map((it) => textAt(it, ['type']));
  const end = finished.find((type) => types.includes(type));
  if (end !== undefined) return end;
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating';
  return underway.find((type) => types.includes(type)) ?? 'Running';
}

function jobDuration(job: StoredObject, now: () => number): string {
  const start = textAt(job, ['status', 'startTime']);
  if (start === '') return '';
  const end = textAt(job, ['status', 'completionTime']);
  return ageOf(start, end === '' ? now : () => Date.parse(end));
}

function completions(job: StoredObject): string {
  const succeeded = numberAt(job, ['status', 'succeeded']);
  const wanted = valueAt(job, ['spec', 'completions']);
  if (wanted !== undefined) return `${succeeded}/${numberAt(job, ['spec', 'completions'])}`;
  const parallelism = numberAt(job, ['spec', 'parallelism']);
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}
