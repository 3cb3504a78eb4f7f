import { overload, type Overload } from '../overload.ts';
import { calendarOf } from '../values/time.ts';
import type { Duration, Timestamp } from '../values/value.ts';

const parts: readonly (readonly [name: string, of: (date: Date) => number])[] = [
  ['getFullYear', (date) => date.getUTCFullYear()],
  ['getMonth', (date) => date.getUTCMonth()],
  ['getDate', (date) => date.getUTCDate()],
  ['getDayOfMonth', (date) => date.getUTCDate() - 1],
  ['getDayOfWeek', (date) => date.getUTCDay()],
  ['getDayOfYear', dayOfYear],
  ['getHours', (date) => date.getUTCHours()],
  ['getMinutes', (date) => date.getUTCMinutes()],
  ['getSeconds', (date) => date.getUTCSeconds()],
  ['getMilliseconds', (date) => date.getUTCMilliseconds()],
];

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000);
}

const units: readonly (readonly [name: string, ns: bigint])[] = [
  ['getHours', 3_600_000_000_000n],
  ['getMinutes', 60_000_000_000n],
  ['getSeconds', 1_000_000_000n],
];

/** What moments and spans are made of. */
export const time: readonly Overload[] = [
  ...parts.flatMap(([name, of]) => [
    overload(`timestamp.${name}() -> int`, (at: Timestamp) => BigInt(of(calendarOf(at)))),
    overload(`timestamp.${name}(string) -> int`, (at: Timestamp, zone: string) =>
      BigInt(of(calendarOf(at, zone))),
    ),
  ]),
  ...units.map(([name, ns]) => overload(`duration.${name}() -> int`, (span: Duration) => span.ns / ns)),
  // All of the span in milliseconds, as cel-go has it.
  overload('duration.getMilliseconds() -> int', (span: Duration) => span.ns / 1_000_000n),
];
