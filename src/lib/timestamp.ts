/** The last text and its second: thousands of objects are often made in one. */
let last = { second: -1, text: '' };

/** Milliseconds since the epoch as Kubernetes writes times: RFC 3339, UTC, whole seconds. */
export function timestamp(now: number): string {
  const second = Math.floor(now / 1000);
  if (second !== last.second)
    last = { second, text: `${new Date(second * 1000).toISOString().slice(0, 19)}Z` };
  return last.text;
}
