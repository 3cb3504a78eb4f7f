/** Seconds as kubectl shows ages, one unit: `42s`, `7m`, `5h`, `3d`. */
export function formatAge(seconds: number): string {
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const) {
    if (seconds >= 2 * size) return `${Math.floor(seconds / size)}${unit}`;
  }
  return `${Math.floor(seconds)}s`;
}

/** Bytes in whole MiB. */
export function formatMemory(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)}Mi`;
}
