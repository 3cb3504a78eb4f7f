/** How long to wait between failures: from `firstMs`, doubling, up to `mostMs`. */
export interface BackOff {
  readonly firstMs: number;
  readonly mostMs: number;
  /** A number in [0, 1); Math.random unless a test decides. */
  readonly random?: () => number;
}

const usual: BackOff = { firstMs: 10, mostMs: 30_000 };

/**
 * Milliseconds to wait after this many failures in a row (1 for the first). Half of it is jitter, so that many
 * who failed together do not come back together.
 */
export function backOffMs(failures: number, backOff: BackOff = usual): number {
  const full = Math.min(backOff.mostMs, backOff.firstMs * 2 ** Math.min(30, Math.max(0, failures - 1)));
  return full / 2 + (full / 2) * (backOff.random ?? Math.random)();
}
