import { parseAddress } from '../../lib/address.ts';
import { parsePrefix } from '../../lib/prefix.ts';

type Format = (text: string) => boolean;

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const dateTime =
  /^(\d{4}-\d{2}-\d{2})[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
const duration = /^([+-]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+))$/;
const durationWords = /^(\d+)\s*(ns|us|µs|ms|s|sec|m|min|h|hr|hour|d|day|w|wk|week)s?$/;
const label = /^[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?$/;

/** The formats of texts that are checked; any other is a note for readers, as upstream takes it. */
const formats: Readonly<Record<string, Format>> = {
  bsonobjectid: (text) => /^[0-9a-fA-F]{24}$/.test(text),
  uri: isUri,
  email: (text) => /^[^\s@<>]+@[^\s@<>]+$/.test(text),
  hostname: (text) => text.length <= 255 && text.split('.').every((part) => label.test(part)),
  ipv4: (text) => parseAddress(text)?.family === 'IPv4',
  ipv6: (text) => parseAddress(text)?.family === 'IPv6',
  cidr: (text) => parsePrefix(text) !== undefined,
  mac: (text) => /^([0-9a-f]{2}([:-][0-9a-f]{2}){5}|[0-9a-f]{4}(\.[0-9a-f]{4}){2})$/i.test(text),
  uuid: (text) => uuid.test(text),
  uuid3: (text) => isUuid(text, /^3/),
  uuid4: (text) => isUuid(text, /^4...[89ab]/i),
  uuid5: (text) => isUuid(text, /^5...[89ab]/i),
  isbn: (text) => isbn10(text) || isbn13(text),
  isbn10,
  isbn13,
  creditcard: isCreditCard,
  ssn: (text) => /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
  hexcolor: (text) => /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(text),
  rgbcolor: (text) => /^rgb\((\s*(25[0-5]|2[0-4]\d|1?\d?\d)\s*(,|\)$)){3}$/.test(text),
  byte: (text) => /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text),
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && isDay(text),
  'date-time': (text) => isDay(dateTime.exec(text)?.[1]),
  datetime: (text) => isDay(dateTime.exec(text)?.[1]),
  duration: (text) => duration.test(text) || durationWords.test(text),
};

/** The check of a format; undefined where the format is not checked. Dashes of a name do not count. */
export function formatCheck(format: string | undefined): Format | undefined {
  if (format === undefined) return undefined;
  if (Object.hasOwn(formats, format)) return formats[format];
  const plain = format.replaceAll('-', '');
  return Object.hasOwn(formats, plain) ? formats[plain] : undefined;
}

/** A day that the calendar has. */
function isDay(day: string | undefined): boolean {
  if (day === undefined) return false;
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

function isUri(text: string): boolean {
  return text.startsWith('/') || URL.canParse(text);
}

function isUuid(text: string, version: RegExp): boolean {
  return uuid.test(text) && version.test(text.replaceAll('-', '').slice(12));
}

function isbn10(text: string): boolean {
  const digits = text.replaceAll(/[\s-]/g, '');
  if (!/^\d{9}[\dX]$/.test(digits)) return false;
  const sum = Array.from(digits, (digit, i) => (10 - i) * (digit === 'X' ? 10 : Number(digit)));
  return sum.reduce((one, other) => one + other, 0) % 11 === 0;
}

function isbn13(text: string): boolean {
  const digits = text.replaceAll(/[\s-]/g, '');
  if (!/^\d{13}$/.test(digits)) return false;
  const sum = Array.from(digits, (digit, i) => Number(digit) * (i % 2 === 0 ? 1 : 3));
  return sum.reduce((one, other) => one + other, 0) % 10 === 0;
}

/** By Luhn's sum. */
function isCreditCard(text: string): boolean {
  const digits = text.replaceAll(/\D/g, '');
  if (!/^\d{13,19}$/.test(digits)) return false;
  const sum = Array.from(digits)
    .toReversed()
    .map((digit, i) => {
      const doubled = Number(digit) * (i % 2 === 0 ? 1 : 2);
      return doubled > 9 ? doubled - 9 : doubled;
    });
  return sum.reduce((one, other) => one + other, 0) % 10 === 0;
}
