import { isObject, valueAt } from '../../../src/apiserver/json.ts';
import type { Answer } from '../../../src/apiserver/testing/test-api.ts';
import type { AnyApi } from '../../support/kube-apiserver.ts';
import { uncompared } from './known.ts';

/** One object and what is done with it. Every case has its own name; the object's is made of it. */
export interface Case {
  readonly name: string;
  /** `v1 services`, `networking.k8s.io/v1 ingresses`; with `cluster` for those without namespace. */
  readonly resource: string;
  readonly cluster?: true;
  readonly object: Readonly<Record<string, unknown>>;
  readonly changes?: readonly Step[];
}

/** A merge patch of the object, or of a subresource. */
export interface Step {
  readonly patch: unknown;
  readonly subresource?: string;
}

/** What a server said, without what is its own choice: times, identities, chosen addresses. */
export interface Said {
  readonly code: number;
  readonly reason?: string;
  /** `REASON FIELD`, sorted. */
  readonly causes?: readonly string[];
  readonly object?: unknown;
}

export interface Outcome {
  readonly steps: readonly Said[];
  /** What `kubectl get -o wide` shows after the last step. */
  readonly table?: unknown;
}

export const namespace = 'compared';

/** Creates the namespace that cases are in. */
export async function prepare(api: AnyApi): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  await api.call('POST', '/api/v1/namespaces', { body });
}

/** Does what a case says, and removes its object again. */
export async function ask(api: AnyApi, one: Case): Promise<Outcome> {
  const [apiVersion = '', plural = ''] = one.resource.split(' ');
  const root = apiVersion.includes('/') ? 'apis' : 'api';
  const scope = one.cluster === true ? '' : `/namespaces/${namespace}`;
  const collection = `/${root}/${apiVersion}${scope}/${plural}`;
  const object = named(one);
  const name = String(valueAt(object, ['metadata', 'name']));
  const context: Context = {
    written: JSON.stringify([object, one.changes]),
    skipped: new Set([...ownChoice, ...(uncompared[one.resource] ?? [])]),
  };
  const steps = [said(await api.call('POST', collection, { body: object }), context)];
  const url = `${collection}/${encodeURIComponent(name)}`;
  for (const { patch, subresource } of one.changes ?? []) {
    const path = subresource === undefined ? url : `${url}/${subresource}`;
    const headers = { 'content-type': 'application/merge-patch+json' };
    steps.push(said(await api.call('PATCH', path, { body: patch, headers }), context));
  }
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const table = await api.call('GET', url, { headers: { accept } });
  await api.call('DELETE', `${url}?gracePeriodSeconds=0`);
  return table.status === 200 ? { steps, table: cells(table.body, context) } : { steps };
}

/** The object with a name made of the case's, where it does not bring its own. */
function named({ name, object }: Case): Record<string, unknown> {
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 50)
    .replace(/-$/, '');
  return { ...object, metadata: { name: slug, ...metadata } };
}

interface Context {
  /** What the case asks for: values that are in it are not the server's choice. */
  readonly written: string;
  /** Fields that are not compared. */
  readonly skipped: ReadonlySet<string>;
}

function said({ status, body }: Answer, context: Context): Said {
  if (body['kind'] !== 'Status') return { code: status, object: settled(body, context) };
  const given = valueAt(body, ['details', 'causes']);
  const causes = (Array.isArray(given) ? given : []).map((it: unknown) => {
    const [reason, field] = [valueAt(it, ['reason']), valueAt(it, ['field'])];
    return `${String(reason)} ${String(field)}`;
  });
  return { code: status, reason: String(body['reason']), causes: [...new Set(causes)].sort() };
}

const ownChoice = ['uid', 'resourceVersion', 'creationTimestamp', 'managedFields', 'generation'];

/** An object without what differs between servers; chosen addresses and ports stand as what they are. */
function settled(body: Record<string, unknown>, { written, skipped }: Context): unknown {
  const clean = (value: unknown, key: string, isStatus: boolean): unknown => {
    if (typeof value === 'string' || typeof value === 'number') return chosen(key, value, written);
    if (Array.isArray(value)) return value.map((item) => clean(item, key, isStatus));
    if (!isObject(value)) return value;
    const entries = Object.entries(value).filter(([field]) => !skipped.has(field));
    const kept = entries.map(
      ([field, item]) => [field, clean(item, field, isStatus || field === 'status')] as const,
    );
    const said = kept.filter(([field, item]) => isSaid(field, item) && !(isStatus && item === 0));
    return Object.fromEntries(said.sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  return clean(body, '', false);
}

/** Parts that upstream always writes, also where there is nothing in them. */
const alwaysThere = new Set([
  'conditions',
  'daemonEndpoints',
  'deprecatedSource',
  'kubeletEndpoint',
  'lastState',
  'loadBalancer',
  'metadata',
  'nodeInfo',
  'resources',
  'securityContext',
  'source',
  'spec',
  'status',
]);

/** Null, what is empty, and an absent field are the same to every client; upstream writes one or the other. */
function isSaid(key: string, value: unknown): boolean {
  if (value === null || value === '' || (Array.isArray(value) && value.length === 0)) return false;
  return !alwaysThere.has(key) || JSON.stringify(value) !== '{}';
}

function chosen(key: string, value: string | number, written: string): string | number {
  if (written.includes(String(value))) return value;
  if (key === 'clusterIP' || key === 'clusterIPs') return String(value).includes(':') ? '<IPv6>' : '<IPv4>';
  if (key === 'nodePort' || key === 'healthCheckNodePort') return '<port>';
  if (/^\d{4}-\d\d-\d\dT/.test(String(value))) return '<time>';
  return /^[0-9a-f]{8}-[0-9a-f]{4}-/.test(String(value)) ? '<uid>' : value;
}

const ofTheMoment = new Set(['Age', 'Last Seen', 'First Seen', 'Created At']);

/** Columns with their cells; what depends on the moment or on what the server chose is left out. */
function cells(body: Record<string, unknown>, { written }: Context): unknown {
  const columns = body['columnDefinitions'];
  const row = valueAt(Array.isArray(body['rows']) ? body['rows'][0] : undefined, ['cells']);
  if (!Array.isArray(columns) || !Array.isArray(row)) return undefined;
  return columns.map((column: unknown, i) => {
    const [name, type, format, priority] = ['name', 'type', 'format', 'priority'].map((it) =>
      valueAt(column, [it]),
    );
    const heading = [name, type, format, priority].filter((it) => it !== '' && it !== 0).join(' ');
    const cell: unknown = row[i];
    if (ofTheMoment.has(String(name))) return [heading];
    if (name === 'Cluster-IP' && !written.includes(String(cell)) && cell !== '<none>') return [heading];
    if (String(cell).includes('controller-uid=')) return [heading];
    return [heading, name === 'Port(s)' ? String(cell).replaceAll(/:3\d{4}/g, ':<port>') : cell];
  });
}
