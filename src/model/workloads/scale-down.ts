import type { Pod } from '../../api/types/core.ts';
import { isPodReady } from './pod-state.ts';

/**
 * Which `count` of these pods go first (kubecontroller `ActivePods`, less its finer points): not bound before
 * bound, not ready before ready, and among equals the youngest.
 */
export function victimsOf(pods: readonly Pod[], count: number): Pod[] {
  return pods.toSorted(byWorth).slice(0, Math.max(0, count));
}

function byWorth(one: Pod, other: Pod): number {
  const difference = worthOf(one) - worthOf(other);
  if (difference !== 0) return difference;
  const [a, b] = [ageKey(one), ageKey(other)];
  if (a === b) return 0;
  return a > b ? -1 : 1;
}

function worthOf(pod: Pod): number {
  if (pod.spec.nodeName === undefined || pod.spec.nodeName === '') return 0;
  return isPodReady(pod) ? 2 : 1;
}

/** Later is younger; names decide within the same second. */
function ageKey({ metadata }: Pod): string {
  return `${metadata.creationTimestamp ?? ''} ${metadata.name}`;
}
