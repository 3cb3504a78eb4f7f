import assert from 'node:assert/strict';
import test from 'node:test';
import type { Clock } from '../../lib/clock.ts';
import { systemClock } from '../../lib/clock.ts';
import { valueAt } from '../json.ts';
import { createTestApi, type TestApi } from '../testing/test-api.ts';
import { durationText } from './column.ts';

const asTable = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };

let now = Date.parse('2026-01-01T00:00:00Z');
const clock: Clock = { ...systemClock, now: () => now };

/** The rows of `kubectl get`, as it would print them. */
async function rows(api: TestApi, path: string): Promise<string[]> {
  const { body } = await api.call('GET', path, { headers: asTable });
  assert.equal(body['kind'], 'Table');
  const columns = body['columnDefinitions'] as { name: string }[];
  const cells = (body['rows'] as { cells: unknown[] }[]).map((row) => row.cells.join('|'));
  return [columns.map(({ name }) => name).join('|'), ...cells];
}

test('a pod shows its readiness, phase, restarts, age and place', async () => {
  const api = createTestApi({ clock });
  const pods = '/api/v1/namespaces/default/pods';
  const spec = {
    nodeName: 'n1',
    containers: [
      { name: 'a', image: 'x' },
      { name: 'b', image: 'x' },
    ],
  };
  await api.call('POST', pods, { body: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec } });
  const state = (name: string, ready: boolean): object => ({
    name,
    ready,
    restartCount: 1,
    image: 'x',
    imageID: '',
  });
  const status = {
    phase: 'Running',
    podIP: '10.244.0.5',
    containerStatuses: [state('a', true), state('b', false)],
  };
  const headers = { 'content-type': 'application/merge-patch+json' };
  await api.call('PATCH', `${pods}/p/status`, { body: { status }, headers });
  now += 330_000;
  assert.deepEqual(await rows(api, pods), [
    'Name|Ready|Status|Restarts|Age|IP|Node|Nominated Node|Readiness Gates',
    'p|1/2|Running|2|5m30s|10.244.0.5|n1|<none>|<none>',
  ]);
});

test('a Service shows its type, addresses and ports', async () => {
  const api = createTestApi({ clock });
  const services = '/api/v1/namespaces/default/services';
  const spec = {
    type: 'LoadBalancer',
    clusterIP: '10.96.0.20',
    selector: { app: 'a' },
    ports: [{ port: 80, nodePort: 30080 }],
  };
  await api.call('POST', services, {
    body: { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec },
  });
  assert.deepEqual(await rows(api, services), [
    'Name|Type|Cluster-IP|External-IP|Port(s)|Age|Selector',
    's|LoadBalancer|10.96.0.20|<pending>|80:30080/TCP|0s|app=a',
  ]);
});

test('every resource has a table with name and age at least', async () => {
  const api = createTestApi({ clock });
  const groups = [
    '/api/v1',
    '/apis/apps/v1',
    '/apis/networking.k8s.io/v1',
    '/apis/rbac.authorization.k8s.io/v1',
  ];
  for (const group of groups) {
    const { body } = await api.call('GET', group);
    for (const { name } of body['resources'] as { name: string }[]) {
      if (name.includes('/')) continue;
      const [columns] = await rows(api, `${group}/${name}`);
      assert.match(columns ?? '', /Name/, name);
    }
  }
});

test('in a watch only the first table names the columns', async () => {
  const api = createTestApi({ clock });
  const watch = await api.watch('/api/v1/namespaces?watch=true', asTable);
  const named = watch.lines.map((line) => valueAt(line, ['object', 'columnDefinitions']) !== null);
  assert.deepEqual(named, [true, false, false, false]);
});

test('ages get coarser the longer they are', () => {
  const second = 1000;
  const texts = [
    0,
    119,
    120,
    125,
    600,
    3600 * 3 + 60,
    3600 * 9,
    86_400 * 2 + 3600,
    86_400 * 30,
    86_400 * 800,
    86_400 * 3650,
  ];
  assert.deepEqual(
    texts.map((seconds) => durationText(seconds * second)),
    ['0s', '119s', '2m', '2m5s', '10m', '3h1m', '9h', '2d1h', '30d', '2y70d', '10y'],
  );
});
