import { CelError } from '../error.ts';
import { typeNameOf } from '../type-names.ts';
import { entriesOf } from '../values/maps.ts';
import { durationText, timestampText } from '../values/time.ts';
import { Duration, Timestamp, TypeValue, Uint, type Value } from '../values/value.ts';
import { doubleText } from './conversions.ts';

const clause = /%%|%(?:\.(\d{1,3}))?([a-zA-Z])/g;

/** `'%d of %s'.format([1, 'x'])`: the clauses of the strings extension. */
export function formatText(pattern: string, args: readonly Value[]): string {
  let next = 0;
  const text = pattern.replaceAll(clause, (whole: string, precision: string | undefined, verb: string) => {
    if (whole === '%%') return '%';
    if (next >= args.length) throw new CelError(`index ${next} out of range`);
    const value = args[next++] ?? null;
    return clauseText(value, verb, precision === undefined ? 6 : Number(precision));
  });
  if (next < args.length) throw new CelError('too many arguments supplied to string.format');
  return text;
}

function clauseText(value: Value, verb: string, precision: number): string {
  switch (verb) {
    case 's':
      return shownText(value);
    case 'd':
      return wholeText(value, 10);
    case 'b':
      return typeof value === 'boolean' ? String(Number(value)) : wholeText(value, 2);
    case 'o':
      return wholeText(value, 8);
    case 'x':
    case 'X':
      return hexText(value, verb);
    case 'f':
      return numberIn(value, verb).toFixed(precision);
    case 'e':
      return numberIn(value, verb)
        .toExponential(precision)
        .replace(/e([+-])(\d)$/, 'e$10$2');
    default:
      throw new CelError(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
  }
}

function wholeText(value: Value, radix: number): string {
  if (typeof value === 'bigint') return value.toString(radix);
  if (value instanceof Uint) return value.value.toString(radix);
  throw new CelError(
    `error during formatting: integer clause can only be used on integers, was given ${typeNameOf(value)}`,
  );
}

function hexText(value: Value, verb: string): string {
  const text =
    typeof value === 'string' || value instanceof Uint8Array
      ? Buffer.from(value as string).toString('hex')
      : wholeText(value, 16);
  return verb === 'X' ? text.toUpperCase() : text;
}

function numberIn(value: Value, verb: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint) return Number(value.value);
  throw new CelError(
    `error during formatting: ${verb} clause can only be used on numbers, was given ${typeNameOf(value)}`,
  );
}

/** Any value as `%s` writes it; texts inside of lists and maps as well without quotes. */
export function shownText(value: Value): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return doubleText(value);
  if (Array.isArray(value)) return `[${value.map((item: Value) => shownText(item)).join(', ')}]`;
  return shownOfClass(value);
}

function shownOfClass(value: Value): string {
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Timestamp) return timestampText(value);
  if (value instanceof Duration) return durationText(value);
  if (value instanceof TypeValue) return value.name;
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (typeNameOf(value) !== 'map') throw new CelError('error during formatting: no text for this type');
  const entries = entriesOf(value).map(([key, inner]) => `${shownText(key)}: ${shownText(inner)}`);
  return `{${entries.sort().join(', ')}}`;
}
