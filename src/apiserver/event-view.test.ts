import assert from 'node:assert/strict';
import test from 'node:test';
import { asCoreEvent, asNewerEvent } from '../api/event-versions.ts';
import { valueAt } from './json.ts';
import { createTestApi } from './testing/test-api.ts';

const core = '/api/v1/namespaces/default/events';
const newer = '/apis/events.k8s.io/v1/namespaces/default/events';
const mergePatch = { 'content-type': 'application/merge-patch+json' };

const started = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: { name: 'a' },
  regarding: { kind: 'Pod', namespace: 'default', name: 'p' },
  reason: 'Started',
  note: 'It runs.',
  action: 'Starting',
  reportingController: 'example.com/runner',
  reportingInstance: 'runner-1',
  eventTime: '2026-01-01T00:00:00.000000Z',
  type: 'Normal',
};

const scheduled = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'b', namespace: 'default' },
  involvedObject: { kind: 'Pod', namespace: 'default', name: 'p' },
  reason: 'Scheduled',
  message: 'It has a node.',
  source: { component: 'scheduler', host: 'h' },
  firstTimestamp: '2026-01-01T00:00:00Z',
  lastTimestamp: '2026-01-01T00:01:00Z',
  count: 2,
  type: 'Normal',
};

test('an Event is one object in two versions: of one uid and version, gone from both', async () => {
  const api = createTestApi();
  const made = await api.call('POST', newer, { body: started });
  assert.equal(made.status, 201);
  const { body: read } = await api.call('GET', `${core}/a`);
  assert.deepEqual(
    [read['apiVersion'], read['message'], read['reportingComponent']],
    ['v1', 'It runs.', 'example.com/runner'],
  );
  assert.equal(read['note'], undefined);
  assert.deepEqual(read['metadata'], made.body['metadata']);
  assert.equal(
    (await api.call('POST', core, { body: { ...scheduled, metadata: started.metadata } })).status,
    409,
  );
  assert.equal((await api.call('DELETE', `${core}/a`)).status, 200);
  const gone = await api.call('GET', `${newer}/a`);
  assert.deepEqual([gone.status, gone.body['message']], [404, 'events.events.k8s.io "a" not found']);
});

test('every field of an Event is found again in the other version', () => {
  assert.deepEqual(asCoreEvent(asNewerEvent(scheduled)), scheduled);
  assert.deepEqual(asNewerEvent(asCoreEvent(started)), started);
});

test('both versions list and watch the Events of both, each in its own form', async () => {
  const api = createTestApi();
  const watches = await Promise.all([core, newer].map((path) => api.watch(`${path}?watch=true`)));
  await api.call('POST', core, { body: scheduled });
  await api.call('POST', newer, { body: started });
  await api.call('PATCH', `${core}/b`, { headers: mergePatch, body: { count: 3 } });
  await api.call('DELETE', `${newer}/b`);
  const told = (field: string): ((line: unknown) => unknown)[] => [
    (line) => valueAt(line, ['type']),
    (line) => valueAt(line, ['object', 'apiVersion']),
    (line) => valueAt(line, ['object', field]),
  ];
  const [inCore, inNewer] = watches.map(({ lines }) => lines);
  assert.deepEqual(
    inCore?.map((line) => told('message').map((of) => of(line))),
    [
      ['ADDED', 'v1', 'It has a node.'],
      ['ADDED', 'v1', 'It runs.'],
      ['MODIFIED', 'v1', 'It has a node.'],
      ['DELETED', 'v1', 'It has a node.'],
    ],
  );
  assert.deepEqual(
    inNewer?.map((line) => told('note').map((of) => of(line))),
    inCore?.map((line) => [
      valueAt(line, ['type']),
      'events.k8s.io/v1',
      valueAt(line, ['object', 'message']),
    ]),
  );
  const list = await api.call('GET', `${newer}?fieldSelector=regarding.name=p`);
  assert.equal(list.body['apiVersion'], 'events.k8s.io/v1');
  assert.deepEqual(
    (list.body['items'] as unknown[]).map((one) => valueAt(one, ['note'])),
    ['It runs.'],
  );
  for (const watch of watches) watch.stop();
});

test('whoever wrote an Event through the other group owns nothing of it after a change', async () => {
  const api = createTestApi();
  await api.call('POST', `${newer}?fieldManager=one`, { body: started });
  const changed = await api.call('PATCH', `${core}/a?fieldManager=two`, {
    headers: mergePatch,
    body: { message: 'It ran.' },
  });
  const managers = valueAt(changed.body, ['metadata', 'managedFields']) as Record<string, unknown>[];
  assert.deepEqual(
    managers.map(({ manager, apiVersion, fieldsV1 }) => [manager, apiVersion, fieldsV1]),
    [['two', 'v1', { 'f:message': {} }]],
  );
});

test('a collection that is deleted in one version is empty in the other', async () => {
  const api = createTestApi();
  await api.call('POST', core, { body: scheduled });
  await api.call('POST', newer, { body: started });
  assert.equal((await api.call('DELETE', newer)).status, 200);
  assert.deepEqual((await api.call('GET', core)).body['items'], []);
});
