import { backOffMs } from '../../lib/back-off.ts';

/** An answer that may ask to come again. */
export interface Answer {
  readonly status: number;
  /** The Retry-After header as it came. */
  readonly retryAfter: string | undefined;
}

/** Sent at most this many times; then whoever asked backs off by itself. */
const mostAttempts = 6;
const mostMs = 30_000;
const backOff = { firstMs: 200, mostMs: 5_000 };

/**
 * Milliseconds after which a request is sent again, or undefined when its answer is one. 429, and 503 with Retry-After,
 * say that the request was not looked at, so that any may be repeated. Up to half as much is added by chance, so that
 * all who were refused together do not come back together. A date instead of seconds would take two clocks that agree:
 * it counts as no time given.
 */
export function retryDelayMs(
  { status, retryAfter }: Answer,
  attempt: number,
  random: () => number = Math.random,
): number | undefined {
  if (attempt >= mostAttempts) return undefined;
  if (status !== 429 && !(status === 503 && retryAfter !== undefined)) return undefined;
  const seconds = /^\d{1,9}$/.test(retryAfter ?? '') ? Number(retryAfter) : 0;
  if (seconds === 0) return backOffMs(attempt, { ...backOff, random });
  return Math.min(mostMs, seconds * 1000) * (1 + random() / 2);
}
