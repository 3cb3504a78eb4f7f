import { broken, fieldsOf } from './wire.ts';

type Scalars = readonly (bigint | string | undefined)[];

/** Messages that JSON writes as something else, by their name. */
export const wellKnown: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  'meta.v1.Time': (bytes) => timeText(scalarsOf(bytes), 0),
  'meta.v1.MicroTime': (bytes) => timeText(scalarsOf(bytes), 6),
  'meta.v1.Duration': (bytes) => `${Number(scalarsOf(bytes)[1] ?? 0n) / 1e9}s`,
  'api.resource.Quantity': (bytes) => scalarsOf(bytes)[1] ?? '',
  'util.intstr.IntOrString': (bytes) => {
    const [, type = 0n, int = 0n, string = ''] = scalarsOf(bytes);
    return type === 0n ? Number(BigInt.asIntN(32, BigInt(int))) : string;
  },
  'meta.v1.FieldsV1': (bytes) => rawJson(scalarsOf(bytes)[1]),
  'authentication.v1.ExtraValue': textsOf,
  'authorization.v1.ExtraValue': textsOf,
  'runtime.RawExtension': (bytes) => rawJson(scalarsOf(bytes)[1]),
};

/** A message of nothing but a list of texts, which JSON writes as that list. */
function textsOf(bytes: Uint8Array): string[] {
  return [...fieldsOf(bytes)].flatMap(({ number, value }) =>
    number === 1 && typeof value !== 'bigint' ? [Buffer.from(value).toString('utf8')] : [],
  );
}

/** The fields of a small message by their numbers. */
function scalarsOf(bytes: Uint8Array): Scalars {
  const values: (bigint | string | undefined)[] = [];
  for (const { number, value } of fieldsOf(bytes)) {
    if (number < 8) values[number] = typeof value === 'bigint' ? value : Buffer.from(value).toString('utf8');
  }
  return values;
}

/** RFC 3339 from seconds and nanoseconds; undefined for the zero time, which is an empty message. */
function timeText([, seconds, nanos = 0n]: Scalars, digits: number): string | undefined {
  if (typeof seconds !== 'bigint' || typeof nanos !== 'bigint') return undefined;
  const date = new Date(Number(BigInt.asIntN(64, seconds)) * 1000);
  if (Number.isNaN(date.getTime())) throw broken();
  const fraction = String(Number(nanos)).padStart(9, '0').slice(0, digits);
  return `${date.toISOString().slice(0, -5)}${digits === 0 ? '' : `.${fraction}`}Z`;
}

function rawJson(text: bigint | string | undefined): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw broken();
  }
}
