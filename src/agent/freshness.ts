import type { Clock } from '../lib/clock.ts';

/** Whether a node is programmed with what it was told, or how long it has been behind. */
export interface Freshness {
  /** Something is to be programmed. */
  isBehind(): void;
  /** All of it is. */
  caughtUp(): void;
  /** It has been behind for too long: what it does with new connections may be wrong. */
  isStale(): boolean;
  /** When it last had caught up, in milliseconds since the epoch. */
  lastUpdated(): number;
}

/** Programming takes milliseconds; a kernel that refuses for so long needs somebody to look. */
const staleAfterMs = 15_000;

export function createFreshness(clock: Clock): Freshness {
  let behindSince: number | undefined;
  let lastUpdated = clock.now();
  return {
    isBehind() {
      behindSince ??= clock.monotonic();
    },
    caughtUp() {
      behindSince = undefined;
      lastUpdated = clock.now();
    },
    isStale: () => behindSince !== undefined && clock.monotonic() - behindSince > staleAfterMs,
    lastUpdated: () => lastUpdated,
  };
}
