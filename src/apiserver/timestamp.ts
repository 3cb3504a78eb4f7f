import type { Clock } from '../lib/clock.ts';

/** The last text and its second: thousands of objects are often made in one. */
let last = { second: -1, text: '' };

/** Now, as the API writes times: RFC 3339 in whole seconds. */
export function timestampAt(clock: Pick<Clock, 'now'>): string {
  const second = Math.floor(clock.now() / 1000);
  if (second !== last.second)
    last = { second, text: `${new Date(second * 1000).toISOString().slice(0, 19)}Z` };
  return last.text;
}
