/** Milliseconds since the epoch as Kubernetes writes times: RFC 3339, UTC, whole seconds. */
export function timestamp(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19)}Z`;
}
