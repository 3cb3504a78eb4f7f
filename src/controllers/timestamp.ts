import type { Clock } from '../lib/clock.ts';

/** Now, as Kubernetes writes times: UTC, in whole seconds. */
export function timestampOf(clock: Pick<Clock, 'now'>): string {
  return `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
}
