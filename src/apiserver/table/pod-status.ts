import { arrayAt, numberAt, textAt, valueAt, type StoredObject } from '../json.ts';

/** The statuses of a pod's containers, sorted by what they mean to its row. */
export interface PodContainers {
  readonly main: readonly unknown[];
  /** Init containers that go on running. */
  readonly sidecars: { readonly total: number; readonly ready: number };
  /** Those whose restarts count: while a pod begins, its init containers. */
  readonly counted: readonly unknown[];
  readonly areReported: boolean;
}

export function containersOf(pod: StoredObject): PodContainers {
  const main = arrayAt(pod, ['status', 'containerStatuses']);
  const inits = arrayAt(pod, ['status', 'initContainerStatuses']);
  const names = sidecarNames(pod);
  const sidecars = inits.filter((status) => names.has(textAt(status, ['name'])));
  const ready = sidecars.filter((it) => isStarted(it) && valueAt(it, ['ready']) === true).length;
  const counted = initReason(pod) === undefined ? [...sidecars, ...main] : inits;
  const areReported = main.length > 0 || inits.length > 0;
  return { main, sidecars: { total: names.size, ready }, counted, areReported };
}

function sidecarNames(pod: StoredObject): ReadonlySet<string> {
  const containers = arrayAt(pod, ['spec', 'initContainers']);
  const restarting = containers.filter((one) => textAt(one, ['restartPolicy']) === 'Always');
  return new Set(restarting.map((one) => textAt(one, ['name'])));
}

const isStarted = (status: unknown): boolean => valueAt(status, ['started']) === true;

/** How a pod is, in a word (printers `printPod`). */
export function podReason(pod: StoredObject): string {
  const phase = textAt(pod, ['status', 'phase']);
  const { deletionTimestamp } = pod.metadata;
  if (deletionTimestamp !== undefined && textAt(pod, ['status', 'reason']) === 'NodeLost') return 'Unknown';
  if (deletionTimestamp !== undefined && phase !== 'Succeeded' && phase !== 'Failed') return 'Terminating';
  return initReason(pod) ?? mainReason(pod) ?? ownReason(pod);
}

function ownReason(pod: StoredObject): string {
  const isGated = arrayAt(pod, ['status', 'conditions']).some(
    (it) => textAt(it, ['type']) === 'PodScheduled' && textAt(it, ['reason']) === 'SchedulingGated',
  );
  if (isGated) return 'SchedulingGated';
  return textAt(pod, ['status', 'reason']) || textAt(pod, ['status', 'phase']) || 'Unknown';
}

/** What the first init container that is not done does; undefined when the pod is past that. */
function initReason(pod: StoredObject): string | undefined {
  const names = sidecarNames(pod);
  const statuses = arrayAt(pod, ['status', 'initContainerStatuses']);
  const at = statuses.findIndex((status) => {
    const isDone =
      valueAt(status, ['state', 'terminated']) !== undefined &&
      numberAt(status, ['state', 'terminated', 'exitCode']) === 0;
    return !isDone && !(names.has(textAt(status, ['name'])) && isStarted(status));
  });
  if (at < 0 || isInitialized(pod)) return undefined;
  const status = statuses[at];
  if (valueAt(status, ['state', 'terminated']) !== undefined) return `Init:${endOf(status)}`;
  const waiting = textAt(status, ['state', 'waiting', 'reason']);
  if (waiting !== '' && waiting !== 'PodInitializing') return `Init:${waiting}`;
  return `Init:${at}/${arrayAt(pod, ['spec', 'initContainers']).length}`;
}

function isInitialized(pod: StoredObject): boolean {
  return hasCondition(pod, 'Initialized');
}

function hasCondition(pod: StoredObject, type: string): boolean {
  return arrayAt(pod, ['status', 'conditions']).some(
    (it) => textAt(it, ['type']) === type && textAt(it, ['status']) === 'True',
  );
}

/** Why a container ended: in its own word, or by signal or exit code. */
function endOf(status: unknown): string {
  const end = valueAt(status, ['state', 'terminated']);
  const signal = numberAt(end, ['signal']);
  const number = signal === 0 ? `ExitCode:${numberAt(end, ['exitCode'])}` : `Signal:${signal}`;
  return textAt(end, ['reason']) || number;
}

/** What the first container that does not just run does. */
function mainReason(pod: StoredObject): string | undefined {
  const statuses = arrayAt(pod, ['status', 'containerStatuses']);
  const reasons = statuses.map(
    (status) =>
      textAt(status, ['state', 'waiting', 'reason']) ||
      (valueAt(status, ['state', 'terminated']) === undefined ? '' : endOf(status)),
  );
  const reason = reasons.find((one) => one !== '');
  if (reason !== 'Completed') return reason;
  const isRunning = statuses.some(
    (it) => valueAt(it, ['ready']) === true && valueAt(it, ['state', 'running']) !== undefined,
  );
  if (isRunning && hasCondition(pod, 'Ready')) return 'Running';
  const failed = statuses.find((it) => numberAt(it, ['state', 'terminated', 'exitCode']) !== 0);
  if (failed !== undefined) return endOf(failed);
  return isRunning ? 'NotReady' : reason;
}
