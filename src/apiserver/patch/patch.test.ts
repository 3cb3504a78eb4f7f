import assert from 'node:assert/strict';
import test from 'node:test';
import { loadJsonPatch } from './json-patch.ts';
import { valueAt } from '../json.ts';
import { createTestApi, type Answer, type TestApi } from '../testing/test-api.ts';

const path = '/api/v1/namespaces/default/configmaps/a';

async function withConfigMap(data: object): Promise<TestApi> {
  const api = createTestApi();
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data };
  await api.call('POST', '/api/v1/namespaces/default/configmaps', { body });
  return api;
}

const patch = (api: TestApi, type: string, body: unknown): Promise<Answer> =>
  api.call('PATCH', path, { body, headers: { 'content-type': `application/${type}+json` } });

test('a JSON patch applies as a whole or not at all', async () => {
  const api = await withConfigMap({ x: '1' });
  const operations = [
    { op: 'test', path: '/data/x', value: '1' },
    { op: 'add', path: '/data/y', value: '2' },
  ];
  assert.deepEqual((await patch(api, 'json-patch', operations)).body['data'], { x: '1', y: '2' });
  const failing = [
    { op: 'add', path: '/data/z', value: '3' },
    { op: 'test', path: '/data/x', value: 'other' },
  ];
  assert.equal((await patch(api, 'json-patch', failing)).status, 422);
  assert.equal(valueAt((await api.call('GET', path)).body, ['data', 'z']), undefined);
});

test('a JSON patch cannot name what the library would pass over', async () => {
  const apply = await loadJsonPatch();
  for (const from of ['/constructor', '/metadata/prototype', '/__proto__']) {
    assert.throws(() => apply({ metadata: {} }, [{ op: 'move', path: '/metadata', from }]), /broken/, from);
  }
});

test('a JSON patch cannot reach what every object inherits', async () => {
  const apply = await loadJsonPatch();
  const target = { metadata: { labels: { a: 'b' } }, list: [1] };
  for (const from of ['/metadata/toString', '/list/length', '/list/map', '/metadata/labels/valueOf/x']) {
    const operation = { op: 'copy', path: '/metadata/labels', from };
    assert.throws(() => apply(target, [operation]), /does not apply/, from);
  }
  assert.deepEqual(apply({ ...target, toString: 'ours' }, [{ op: 'remove', path: '/toString' }]), target);
});

test('broken and oversized JSON patches are refused', async () => {
  const api = await withConfigMap({ x: 'x'.repeat(1000) });
  assert.equal((await patch(api, 'json-patch', { op: 'add' })).status, 400);
  assert.equal((await patch(api, 'json-patch', [{ op: 'add', path: '/__proto__/x', value: 1 }])).status, 400);
  assert.equal((await patch(api, 'json-patch', [{ op: 'add', path: 7, value: 1 }])).status, 400);
  const copies = Array.from({ length: 40 }, (_, i) => ({ op: 'copy', from: '/data', path: `/data/c${i}` }));
  assert.equal((await patch(api, 'json-patch', copies)).status, 400);
});

test('a patch cannot rename an object or change its kind, and must fit the version it names', async () => {
  const api = await withConfigMap({});
  assert.equal((await patch(api, 'merge-patch', { metadata: { name: 'b' } })).status, 400);
  assert.equal((await patch(api, 'merge-patch', { kind: 'Secret' })).status, 400);
  assert.equal((await patch(api, 'merge-patch', { metadata: { resourceVersion: '1' } })).status, 409);
  assert.equal((await patch(api, 'merge-patch', { data: { x: 7 } })).status, 422);
});

test('resources that are not built in have no strategic merge', async () => {
  const api = createTestApi();
  const network = {
    apiVersion: 'weft.dev/v1alpha1',
    kind: 'ClusterNetwork',
    metadata: { name: 'default' },
    spec: {},
  };
  await api.call('POST', '/apis/weft.dev/v1alpha1/clusternetworks', { body: network });
  const headers = { 'content-type': 'application/strategic-merge-patch+json' };
  const answer = await api.call('PATCH', '/apis/weft.dev/v1alpha1/clusternetworks/default', {
    body: {},
    headers,
  });
  assert.equal(answer.status, 415);
});

test('a failing JSON patch operation on objects that cannot be written as text is refused, not a fault', async () => {
  const api = await withConfigMap({ x: '1' });
  const operations = [{ op: 'test', path: '/data', value: { toString: 'x' } }];
  assert.equal((await patch(api, 'json-patch', operations)).status, 422);
});
