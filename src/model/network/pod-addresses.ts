import type { Pod } from '../../api/types/core.ts';

/** All addresses of a pod, the primary one first; on the host network they are its node's. Empty before it has one. */
export function podAddresses({ status }: Pod): string[] {
  if (status?.podIP === undefined) return [];
  return [...new Set([status.podIP, ...(status.podIPs ?? []).map(({ ip }) => ip)])];
}

/** The addresses that only this pod has: pods on the host network have none. */
export function ownAddresses(pod: Pod): string[] {
  return pod.spec.hostNetwork === true ? [] : podAddresses(pod);
}
