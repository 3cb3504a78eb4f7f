import { isObject } from '../json.ts';
import { badRequest } from '../status.ts';
import table from './fields.json' with { type: 'json' };
import { broken, fieldsOf, varintsOf, type WireField } from './wire.ts';
import { wellKnown } from './well-known.ts';

/** What Go clients send by default: `k8s` and a zero byte, then runtime.Unknown around the object. */
const magic = Buffer.from('k8s\0');

/** Deeper than any object of the API. */
const depthLimit = 60;

const text = new TextDecoder('utf-8', { fatal: true });

/**
 * An object from Kubernetes' protobuf encoding, as its JSON would be. kubectl sends it from 1.32 on, and so do
 * controllers; answers are always JSON, which they take as well. Throws 400 for broken bytes and for kinds
 * that have no protobuf form here.
 */
export function decodeObject(body: Uint8Array): unknown {
  if (!magic.equals(body.subarray(0, magic.length))) throw broken();
  let [apiVersion, kind] = ['', ''];
  let raw: Uint8Array = Buffer.of();
  for (const { number, value } of fieldsOf(body.subarray(magic.length))) {
    if (typeof value === 'bigint') continue;
    if (number === 1) [apiVersion, kind] = typeMetaOf(value);
    if (number === 2) raw = value;
  }
  const message = lookUp(table.kinds, `${apiVersion} ${kind}`);
  if (message === undefined) throw badRequest(`${apiVersion} ${kind} cannot be sent as protobuf; send JSON`);
  return { apiVersion, kind, ...decodeMessage(raw, message, 0) };
}

function typeMetaOf(bytes: Uint8Array): [apiVersion: string, kind: string] {
  const parts = ['', ''];
  for (const { number, value } of fieldsOf(bytes)) {
    if (typeof value !== 'bigint' && number <= 2) parts[number - 1] = decodeText(value);
  }
  return [parts[0] ?? '', parts[1] ?? ''];
}

/**
 * How a field is written in the table: its JSON name (none for a message whose fields stand inline), a `*`
 * where a zero value differs from an absent one, `[]` for a list or `{}` for a map, and its type.
 */
interface FieldRule {
  readonly name: string;
  readonly keepsZero: boolean;
  readonly shape: string;
  readonly type: string;
}

const rules = new Map<string, FieldRule>();

function ruleOf(message: string, number: number): FieldRule | undefined {
  const written = lookUp(lookUp(table.messages, message) ?? {}, String(number));
  if (typeof written !== 'string') return undefined;
  let rule = rules.get(written);
  if (rule === undefined) {
    const [, name = '', star = '', shape = '', type = ''] =
      /^([^ *]*)(\*?) (\[\]|\{\}|)(.*)$/.exec(written) ?? [];
    rule = { name, keepsZero: star !== '', shape, type };
    rules.set(written, rule);
  }
  return rule;
}

function lookUp<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function decodeMessage(bytes: Uint8Array, message: string, depth: number): Record<string, unknown> {
  if (depth > depthLimit) throw broken();
  const result: Record<string, unknown> = {};
  for (const field of fieldsOf(bytes)) {
    const rule = ruleOf(message, field.number);
    if (rule !== undefined) addField(result, { field, rule, depth: depth + 1 });
  }
  return result;
}

interface Addition {
  readonly field: WireField;
  readonly rule: FieldRule;
  readonly depth: number;
}

function addField(result: Record<string, unknown>, { field, rule, depth }: Addition): void {
  const { name, shape, type } = rule;
  if (shape === '[]') {
    const list = result[name];
    const items = itemsOf(field.value, type, depth);
    if (Array.isArray(list)) list.push(...items);
    else result[name] = items;
  } else if (shape === '{}') {
    const map = result[name];
    const entry = decodeEntry(field.value, type, depth);
    result[name] = { ...(isObject(map) ? map : {}), ...entry };
  } else {
    const value = decodeValue(field.value, type, depth);
    if (name === '') Object.assign(result, value);
    else if (value !== undefined && (rule.keepsZero || !isZero(value))) result[name] = value;
  }
}

/** Go writes empty values of fields that are no pointers; JSON leaves them out. */
function isZero(value: unknown): boolean {
  if (isObject(value)) return Object.keys(value).length === 0;
  return value === '' || value === 0 || value === false;
}

function itemsOf(value: bigint | Uint8Array, type: string, depth: number): unknown[] {
  const packed = typeof value !== 'bigint' && /^(u?int(32|64)|bool)$/.test(type);
  if (!packed) return [decodeValue(value, type, depth)];
  return varintsOf(value).map((item) => decodeValue(item, type, depth));
}

/** An entry of a map is a message of key and value. */
function decodeEntry(bytes: bigint | Uint8Array, type: string, depth: number): Record<string, unknown> {
  if (typeof bytes === 'bigint') throw broken();
  let [key, value]: [string, unknown] = ['', type === 'string' || type === 'bytes' ? '' : undefined];
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1 && typeof field.value !== 'bigint') key = decodeText(field.value);
    if (field.number === 2) value = decodeValue(field.value, type, depth);
  }
  if (key === '__proto__') throw broken();
  return { [key]: value };
}

function decodeValue(value: bigint | Uint8Array, type: string, depth: number): unknown {
  if (typeof value === 'bigint') {
    if (type === 'bool') return value !== 0n;
    if (/^u?int(32|64)$/.test(type)) return Number(BigInt.asIntN(64, value));
    throw broken();
  }
  if (type === 'string') return decodeText(value);
  if (type === 'bytes') return Buffer.from(value).toString('base64');
  const special = lookUp(wellKnown, type);
  if (special !== undefined) return special(value);
  if (lookUp(table.messages, type) === undefined) throw broken();
  return decodeMessage(value, type, depth);
}

function decodeText(bytes: Uint8Array): string {
  try {
    return text.decode(bytes);
  } catch {
    throw broken();
  }
}
