import { arrayAt, isObject, numberAt, textAt, valueAt, type StoredObject } from '../json.ts';
import { ageColumn, ageOf, nameColumn, wide, type Column } from './column.ts';
import { containersOf, podReason } from './pod-status.ts';

/** The columns of pods (printers `printPod`). */
export const podColumns: readonly Column[] = [
  nameColumn,
  { name: 'Ready', cell: readyText },
  { name: 'Status', cell: podReason },
  { name: 'Restarts', cell: restartsText },
  ageColumn,
  wide({ name: 'IP', cell: addressText }),
  wide({ name: 'Node', cell: (pod) => textAt(pod, ['spec', 'nodeName']) || '<none>' }),
  wide({ name: 'Nominated Node', cell: (pod) => textAt(pod, ['status', 'nominatedNodeName']) || '<none>' }),
  wide({ name: 'Readiness Gates', cell: readinessGates }),
];

function addressText(pod: StoredObject): string {
  const [first] = arrayAt(pod, ['status', 'podIPs']);
  return textAt(first, ['ip']) || textAt(pod, ['status', 'podIP']) || '<none>';
}

/** Ready containers out of all; a pod whose containers nobody reports counts by its Ready condition. */
function readyText(pod: StoredObject): string {
  const { main, sidecars, areReported } = containersOf(pod);
  const total = arrayAt(pod, ['spec', 'containers']).length + sidecars.total;
  if (!areReported) return `${isReady(pod) ? total : 0}/${total}`;
  const running = main.filter(
    // Whoever reports no state says by being ready that it runs.
    (status) =>
      valueAt(status, ['ready']) === true &&
      (valueAt(status, ['state']) === undefined || isObject(valueAt(status, ['state', 'running']))),
  );
  return `${running.length + sidecars.ready}/${total}`;
}

function isReady(pod: StoredObject): boolean {
  return arrayAt(pod, ['status', 'conditions']).some(
    (condition) => textAt(condition, ['type']) === 'Ready' && textAt(condition, ['status']) === 'True',
  );
}

/** How often containers were started again, and when last. */
function restartsText(pod: StoredObject, now: () => number): string {
  const { counted } = containersOf(pod);
  const restarts = counted.reduce<number>((sum, status) => sum + numberAt(status, ['restartCount']), 0);
  const ends = counted.map((status) => textAt(status, ['lastState', 'terminated', 'finishedAt']));
  const last = ends.toSorted().at(-1) ?? '';
  return restarts === 0 || last === '' ? String(restarts) : `${restarts} (${ageOf(last, now)} ago)`;
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
