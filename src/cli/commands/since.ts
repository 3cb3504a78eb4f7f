import { WeftError } from '../../lib/errors.ts';

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds since the epoch of `90s`, `5m`, `2h` or `1d` before `now`, or of an RFC 3339 time. Throws `since-invalid`. */
export function parseSince(text: string, now: number): number {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * (units[unit] ?? 0);
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new WeftError('since-invalid', `--since "${text}" is no time`, {
    fault: 'input',
    hint: 'use 90s, 5m, 2h, 1d, or a time such as 2026-01-31T10:00:00Z',
  });
}
