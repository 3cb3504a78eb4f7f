import type { EndpointState } from '../services/endpoint-index.ts';

/** Since when a pod that is gone from the API has been waiting for its connections to end. */
export interface Leaving {
  readonly since: number;
  /** When a Service was last seen to send to it. */
  readonly lastEndpointAt: number;
}

/** A connection that was made just before the last Service let go of the pod gets this long to be done. */
export const drainMs = 200;
/** Whoever keeps the EndpointSlices may be gone: a pod does not wait for ever. */
export const longestDrainMs = 5_000;
const pollMs = 10;

/**
 * How long a pod that is gone from the API still has to answer, 0 for not at all: a pod that Services send to stays
 * until none does, and a moment longer, so that no new connection is sent to where nobody is any more. (A kubelet
 * gives terminationGracePeriodSeconds for that.)
 */
export function drain(
  leaving: Leaving | undefined,
  { now, endpoint }: { readonly now: number; readonly endpoint: EndpointState },
): { readonly waitMs: number; readonly leaving: Leaving } {
  const since = leaving?.since ?? now;
  const started = endpoint === 'never' ? -Infinity : now;
  const lastEndpointAt = endpoint === 'now' ? now : (leaving?.lastEndpointAt ?? started);
  const next = { since, lastEndpointAt };
  if (now - since >= longestDrainMs) return { waitMs: 0, leaving: next };
  if (endpoint === 'now') return { waitMs: pollMs, leaving: next };
  return { waitMs: Math.max(0, lastEndpointAt + drainMs - now), leaving: next };
}
