import type { Pod, PodStatus } from '../../api/types/core.ts';
import type { Condition } from '../../api/types/meta.ts';
import { sameJson } from '../../lib/same-json.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { isPodReady } from '../../model/workloads/pod-state.ts';

/** The addresses of a pod and of its node, the primary ones first. */
export interface PodAddressing {
  readonly addresses: readonly string[];
  readonly nodeAddresses: readonly string[];
}

/** The status of a pod whose address is wired and whose ports somebody serves: running and ready. */
export function runningStatus(
  pod: Pod,
  { addresses, nodeAddresses, now }: PodAddressing & { readonly now: number },
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
    hostIP: nodeAddresses[0] ?? '',
    hostIPs: nodeAddresses.map((ip) => ({ ip })),
    podIP: addresses[0] ?? '',
    podIPs: addresses.map((ip) => ({ ip })),
    startTime: pod.status?.startTime ?? time,
    // The API server decides it when a pod is made.
    qosClass: pod.status?.qosClass ?? 'BestEffort',
    conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
      type,
      status: 'True',
      lastTransitionTime: time,
    })),
    containerStatuses,
  };
}

/** Whether the status says already what `runningStatus` would: after a restart of the agents nothing is new. */
export function isReportedAs(pod: Pod, { addresses, nodeAddresses }: PodAddressing): boolean {
  const isTold = (told: readonly { ip: string }[] = [], texts: readonly string[]): boolean =>
    sameJson(
      told.map(({ ip }) => ip),
      texts,
    );
  return (
    isPodReady(pod) && isTold(pod.status?.podIPs, addresses) && isTold(pod.status?.hostIPs, nodeAddresses)
  );
}

/**
 * The status of a pod that nobody answers for, with why: `kubectl describe` and `weft status` show it. A pod that
 * ran before stays in phase Running, as a kubelet leaves it.
 */
export function waitingStatus(
  pod: Pod,
  { reason, message }: { readonly reason: 'NotStarted' | 'NetworkBroken'; readonly message: string },
  now: number,
): PodStatus {
  const time = timestamp(now);
  const conditions: Condition[] = [
    { type: 'PodScheduled', status: 'True', lastTransitionTime: time },
    { type: 'Ready', status: 'False', reason, message, lastTransitionTime: time },
  ];
  return { phase: pod.status?.phase === 'Running' ? 'Running' : 'Pending', conditions };
}

/** Whether the status says already why the pod waits. */
export function isWaitingWith(pod: Pod, message: string): boolean {
  return pod.status?.conditions?.some((it) => it.type === 'Ready' && it.message === message) ?? false;
}
