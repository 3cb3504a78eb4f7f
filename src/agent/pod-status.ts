import type { Pod, PodStatus } from '../api/types/core.ts';
import type { Condition } from '../api/types/meta.ts';
import { timestamp } from '../lib/timestamp.ts';

/** The status of a pod whose address is wired and whose ports somebody serves: running and ready. */
export function runningStatus(
  pod: Pod,
  { address, nodeAddress, now }: { address: string; nodeAddress: string; now: number },
): PodStatus {
  const time = timestamp(now);
  const containerStatuses = pod.spec.containers.map(({ name, image = '' }) => ({
    name,
    image,
    imageID: '',
    ready: true,
    started: true,
    restartCount: 0,
    state: { running: { startedAt: time } },
  }));
  return {
    phase: 'Running',
    hostIP: nodeAddress,
    hostIPs: [{ ip: nodeAddress }],
    podIP: address,
    podIPs: [{ ip: address }],
    startTime: pod.status?.startTime ?? time,
    qosClass: 'BestEffort',
    conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
      type,
      status: 'True',
      lastTransitionTime: time,
    })),
    containerStatuses,
  };
}

/** The status of a pod that could not be started, with why: `kubectl describe` and `weft status` show it. */
export function waitingStatus(message: string, now: number): PodStatus {
  const conditions: Condition[] = [
    { type: 'PodScheduled', status: 'True', lastTransitionTime: timestamp(now) },
    { type: 'Ready', status: 'False', reason: 'NotStarted', message, lastTransitionTime: timestamp(now) },
  ];
  return { phase: 'Pending', conditions };
}
