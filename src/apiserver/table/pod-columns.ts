import { arrayAt, numberAt, textAt, valueAt, type StoredObject } from '../json.ts';
import { ageColumn, nameColumn, wide, type Column } from './column.ts';

/** The columns of pods (printPod). */
export const podColumns: readonly Column[] = [
  nameColumn,
  { name: 'Ready', cell: readyText },
  { name: 'Status', cell: statusText },
  { name: 'Restarts', cell: restarts },
  ageColumn,
  wide({ name: 'IP', cell: (pod) => textAt(pod, ['status', 'podIP']) || '<none>' }),
  wide({ name: 'Node', cell: (pod) => textAt(pod, ['spec', 'nodeName']) || '<none>' }),
  wide({ name: 'Nominated Node', cell: (pod) => textAt(pod, ['status', 'nominatedNodeName']) || '<none>' }),
  wide({ name: 'Readiness Gates', cell: readinessGates }),
];

/** Ready containers out of all; a pod whose containers nobody reports counts by its Ready condition. */
function readyText(pod: StoredObject): string {
  const total = arrayAt(pod, ['spec', 'containers']).length;
  const statuses = arrayAt(pod, ['status', 'containerStatuses']);
  const ready = statuses.filter((status) => valueAt(status, ['ready']) === true).length;
  if (statuses.length > 0) return `${ready}/${total}`;
  return `${isReady(pod) ? total : 0}/${total}`;
}

function isReady(pod: StoredObject): boolean {
  return arrayAt(pod, ['status', 'conditions']).some(
    (condition) => textAt(condition, ['type']) === 'Ready' && textAt(condition, ['status']) === 'True',
  );
}

function statusText(pod: StoredObject): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating';
  for (const status of arrayAt(pod, ['status', 'containerStatuses'])) {
    const reason =
      textAt(status, ['state', 'waiting', 'reason']) || textAt(status, ['state', 'terminated', 'reason']);
    if (reason !== '') return reason;
  }
  return textAt(pod, ['status', 'reason']) || textAt(pod, ['status', 'phase']) || 'Unknown';
}

function restarts(pod: StoredObject): string {
  const counts = arrayAt(pod, ['status', 'containerStatuses']).map((status) =>
    numberAt(status, ['restartCount']),
  );
  return String(counts.reduce((sum, count) => sum + count, 0));
}

function readinessGates(pod: StoredObject): string {
  const gates = arrayAt(pod, ['spec', 'readinessGates']);
  if (gates.length === 0) return '<none>';
  const conditions = arrayAt(pod, ['status', 'conditions']);
  const met = gates.filter((gate) =>
    conditions.some(
      (it) => textAt(it, ['type']) === textAt(gate, ['conditionType']) && textAt(it, ['status']) === 'True',
    ),
  );
  return `${met.length}/${gates.length}`;
}
