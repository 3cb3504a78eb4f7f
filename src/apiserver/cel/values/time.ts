import { CelError } from '../error.ts';
import { Duration, Timestamp } from './value.ts';

const second = 1_000_000_000n;
const leastTime = -62_135_596_800n * second;
const mostTime = 253_402_300_800n * second - 1n;
const mostDuration = 2n ** 63n - 1n;

/** Throws for a moment outside the years 1 to 9999. */
export function timestamp(ns: bigint): Timestamp {
  if (ns < leastTime || ns > mostTime) throw new CelError('timestamp overflow');
  return new Timestamp(ns);
}

/** Throws for a span of more nanoseconds than 64 bits hold. */
export function duration(ns: bigint): Duration {
  if (ns > mostDuration || ns < -mostDuration - 1n) throw new CelError('duration overflow');
  return new Duration(ns);
}

const dateTime = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/** A moment as RFC 3339 writes it; undefined where the text is none. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const [match, day = '', time = '', fraction = '', zone = ''] = dateTime.exec(text) ?? [];
  if (match === undefined) return undefined;
  const ms = Date.parse(`${day}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(ms) || Number.isNaN(Date.parse(`${day}T00:00:00Z`))) return undefined;
  if (!new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)) return undefined;
  return timestamp(BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0')));
}

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: second,
  m: 60n * second,
  h: 3600n * second,
};

const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/** A span as Go writes it, `1h30m` or `-1.5s`; undefined where the text is none, or too long for 64 bits. */
export function parseDuration(text: string): Duration | undefined {
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  const body = text.slice(sign.length);
  if (body === '0') return new Duration(0n);
  let ns = 0n;
  let at = 0;
  while (at < body.length || at === 0) {
    part.lastIndex = at;
    const match = part.exec(body);
    if (match === null) return undefined;
    ns += spanOf(match[1] ?? '', units[match[2] ?? ''] ?? 0n);
    at = part.lastIndex;
  }
  if (ns > mostDuration) return undefined;
  return new Duration(sign === '-' ? -ns : ns);
}

function spanOf(number: string, unit: bigint): bigint {
  const [whole = '', fraction = ''] = number.split('.');
  const digits = fraction.slice(0, 18);
  const part = digits === '' ? 0n : (BigInt(digits) * unit) / 10n ** BigInt(digits.length);
  return BigInt(whole === '' ? '0' : whole) * unit + part;
}

/** As `string(timestamp)` writes it. */
export function timestampText({ ns }: Timestamp): string {
  const { seconds, rest } = split(ns);
  const base = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${base}${fractionText(rest)}Z`;
}

/** As `string(duration)` writes it: seconds, with a fraction where there is one. */
export function durationText({ ns }: Duration): string {
  const magnitude = ns < 0n ? -ns : ns;
  return `${ns < 0n ? '-' : ''}${magnitude / second}${fractionText(magnitude % second)}s`;
}

function fractionText(ns: bigint): string {
  return ns === 0n ? '' : `.${String(ns).padStart(9, '0').replace(/0+$/, '')}`;
}

/** Whole seconds, rounded down, and the nanoseconds after them. */
function split(ns: bigint): { seconds: bigint; rest: bigint } {
  const rest = ((ns % second) + second) % second;
  return { seconds: (ns - rest) / second, rest };
}

/** The parts of a moment in a time zone: `UTC` where the name is empty, `+02:00`, or a name as `Europe/Berlin`. */
export function calendarOf({ ns }: Timestamp, zone = ''): Date {
  const ms = Number(ns / 1_000_000n);
  const floored = ns < 0n && ns % 1_000_000n !== 0n ? ms - 1 : ms;
  return new Date(floored + offsetOf(zone, floored));
}

/** Milliseconds that a zone is ahead of UTC at a moment. */
function offsetOf(zone: string, ms: number): number {
  if (zone === '' || zone === 'UTC' || zone === 'Z') return 0;
  const [match, sign = '+', hours = '', minutes = ''] = /^([+-])?(\d{2}):(\d{2})$/.exec(zone) ?? [];
  if (match === undefined) return offsetOf(offsetTextOf(zone, ms), ms);
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

/** `+02:00` of a zone by its name, at a moment. */
function offsetTextOf(zone: string, ms: number): string {
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    const name = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName');
    return name?.value.replace('GMT', '') ?? '';
  } catch {
    throw new CelError(`unknown time zone ${zone}`);
  }
}
