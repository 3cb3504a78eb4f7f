import type { Clock } from '../lib/clock.ts';

/** Now, as the API writes times: RFC 3339 in whole seconds. */
export function timestampAt(clock: Pick<Clock, 'now'>): string {
  return `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
}
