import assert from 'node:assert/strict';
import test from 'node:test';
import { arrayAt, numberAt, textAt, valueAt } from '../json.ts';
import { createTestApi, type Answer, type TestApi } from '../testing/test-api.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const pods = '/api/v1/namespaces/default/pods';

async function make(api: TestApi, name: string, namespace = 'default'): Promise<string> {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { at: 'first' } };
  const { status, body: made } = await api.call('POST', `/api/v1/namespaces/${namespace}/configmaps`, {
    body,
  });
  assert.equal(status, 201);
  return textAt(made, ['metadata', 'resourceVersion']);
}

const change = (api: TestApi, name: string): Promise<Answer> =>
  api.call('PATCH', `${configMaps}/${name}`, {
    body: { data: { at: 'second' } },
    headers: { 'content-type': 'application/merge-patch+json' },
  });

const names = ({ body }: Answer): string[] =>
  arrayAt(body, ['items']).map(
    (item) => `${textAt(item, ['metadata', 'name'])} ${textAt(item, ['data', 'at'])}`,
  );

test('a list of exactly one version shows what was there then', async () => {
  const api = createTestApi();
  await make(api, 'a');
  await make(api, 'b');
  const version = await make(api, 'd');
  await change(api, 'a');
  await api.call('DELETE', `${configMaps}/b`);
  await make(api, 'c');
  await make(api, 'e', 'kube-public');
  const exact = await api.call('GET', `${configMaps}?resourceVersion=${version}&resourceVersionMatch=Exact`);
  assert.deepEqual(names(exact), ['a first', 'b first', 'd first']);
  assert.equal(textAt(exact.body, ['metadata', 'resourceVersion']), version);
  const newer = await api.call('GET', `${configMaps}?resourceVersion=${version}`);
  assert.deepEqual(names(newer), ['a second', 'c first', 'd first']);
});

test('pieces of a list are of the moment it began, whatever happens meanwhile', async () => {
  const api = createTestApi();
  for (const name of ['a', 'b', 'c', 'd']) await make(api, name);
  const first = await api.call('GET', `${configMaps}?limit=2`);
  assert.equal(numberAt(first.body, ['metadata', 'remainingItemCount']), 2);
  await change(api, 'c');
  await api.call('DELETE', `${configMaps}/d`);
  await make(api, 'bb');
  const rest = await api.call(
    'GET',
    `${configMaps}?limit=5&continue=${textAt(first.body, ['metadata', 'continue'])}`,
  );
  assert.deepEqual(names(rest), ['c first', 'd first']);
  assert.deepEqual(
    valueAt(rest.body, ['metadata', 'resourceVersion']),
    valueAt(first.body, ['metadata', 'resourceVersion']),
  );
});

test('a piece whose moment is no longer kept is a 410, with a token to go on without it', async () => {
  const api = createTestApi({ historyLimit: 8 });
  for (const name of ['a', 'b', 'c', 'd']) await make(api, name);
  const first = await api.call('GET', `${configMaps}?limit=2`);
  for (let i = 0; i < 400; i++) await make(api, `x-${i}`, 'kube-public');
  const gone = await api.call(
    'GET',
    `${configMaps}?continue=${textAt(first.body, ['metadata', 'continue'])}`,
  );
  assert.deepEqual([gone.status, gone.body['reason']], [410, 'Expired']);
  const rest = await api.call('GET', `${configMaps}?continue=${textAt(gone.body, ['metadata', 'continue'])}`);
  assert.deepEqual(names(rest), ['c first', 'd first']);
  const watch = await api.watch(`${configMaps}?watch=true&resourceVersion=1`);
  assert.equal(numberAt(watch.lines[0], ['object', 'code']), 410);
});

test('a version that is yet to come is a 504 that clients know to list anew upon', async () => {
  const api = createTestApi();
  const future = api.store.resourceVersion + 100;
  for (const url of [
    `${configMaps}?resourceVersion=${future}`,
    `${configMaps}?resourceVersion=${future}&resourceVersionMatch=Exact`,
    `${configMaps}/a?resourceVersion=${future}`,
  ]) {
    const { status, body } = await api.call('GET', url);
    assert.equal(status, 504);
    assert.equal(textAt(arrayAt(body, ['details', 'causes'])[0], ['reason']), 'ResourceVersionTooLarge');
  }
});

test('options that contradict each other are refused', async () => {
  const api = createTestApi();
  const status = async (query: string): Promise<number> =>
    (await api.call('GET', `${configMaps}?${query}`)).status;
  assert.equal(await status('resourceVersionMatch=Exact'), 422);
  assert.equal(await status('resourceVersion=0&resourceVersionMatch=Exact'), 422);
  assert.equal(await status('resourceVersion=1&resourceVersionMatch=Newest'), 422);
  assert.equal(await status('sendInitialEvents=true'), 422);
  assert.equal(await status('watch=true&sendInitialEvents=true'), 422);
  assert.equal(await status('watch=true&resourceVersionMatch=NotOlderThan&resourceVersion=1'), 422);
  assert.equal(await status('resourceVersion=1&continue=bm9uZQ'), 400);
  assert.equal(await status('continue=bm9uZQ'), 400);
  assert.equal(await status('limit=-1'), 400);
});

async function makePod(api: TestApi, name: string, fields: object): Promise<void> {
  const metadata = { name, labels: { app: 'x' } };
  const spec = { containers: [{ name: 'c', image: 'i' }], ...fields };
  const { status } = await api.call('POST', pods, {
    body: { apiVersion: 'v1', kind: 'Pod', metadata, spec },
  });
  assert.equal(status, 201);
}

const setStatus = (api: TestApi, path: string, status: object): Promise<Answer> =>
  api.call('PATCH', `${path}/status`, {
    body: { status },
    headers: { 'content-type': 'application/merge-patch+json' },
  });

test('each kind can be selected by the fields that upstream lists for it', async () => {
  const api = createTestApi();
  await makePod(api, 'a', { nodeName: 'n' });
  await makePod(api, 'b', { hostNetwork: true });
  await setStatus(api, `${pods}/a`, {
    phase: 'Running',
    podIP: '10.0.0.1',
    podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd::1' }],
  });
  const selected = async (path: string, selector: string): Promise<string[]> => {
    const answer = await api.call('GET', `${path}?fieldSelector=${encodeURIComponent(selector)}`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return arrayAt(answer.body, ['items']).map((item) => textAt(item, ['metadata', 'name']));
  };
  assert.deepEqual(await selected(pods, 'spec.nodeName=n'), ['a']);
  assert.deepEqual(await selected(pods, 'spec.nodeName='), ['b']);
  assert.deepEqual(await selected(pods, 'status.phase!=Running'), ['b']);
  assert.deepEqual(await selected(pods, 'spec.hostNetwork=false,spec.restartPolicy=Always'), ['a']);
  assert.deepEqual(await selected(pods, 'status.podIPs=10.0.0.1\\,fd::1'), ['a']);
  const body = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'j' },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } },
  };
  const jobs = '/apis/batch/v1/namespaces/default/jobs';
  assert.equal((await api.call('POST', jobs, { body })).status, 201);
  assert.deepEqual(await selected(jobs, 'status.successful=0'), ['j']);
  assert.deepEqual(await selected('/api/v1/namespaces', 'status.phase=Active,metadata.name=default'), [
    'default',
  ]);
  assert.equal((await api.call('GET', `${pods}?fieldSelector=spec.image=x`)).status, 400);
});

test('an eviction deletes the pod, unless its disruption budget forbids it', async () => {
  const api = createTestApi();
  const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  for (const name of ['a', 'b']) {
    await makePod(api, name, {});
    await setStatus(api, `${pods}/${name}`, ready);
  }
  const budget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'p' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'x' } } },
  };
  await api.call('POST', '/apis/policy/v1/namespaces/default/poddisruptionbudgets', { body: budget });
  const evict = (name: string): Promise<Answer> =>
    api.call('POST', `${pods}/${name}/eviction`, {
      body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'default' } },
    });
  assert.equal((await evict('a')).status, 201);
  assert.equal((await api.call('GET', `${pods}/a`)).status, 404);
  const refused = await evict('b');
  assert.equal(refused.status, 429);
  assert.deepEqual(valueAt(refused.body, ['details', 'causes']), [
    {
      reason: 'DisruptionBudget',
      message: 'The disruption budget p needs 1 healthy pods and has 1 currently',
    },
  ]);
  assert.equal((await evict('none')).status, 404);
});

test('deleting a collection deletes what a list with the same selectors shows', async () => {
  const api = createTestApi();
  for (const name of ['a', 'b', 'c']) await make(api, name);
  const query = 'fieldSelector=metadata.name!=b';
  const deleted = await api.call('DELETE', `${configMaps}?${query}`);
  assert.deepEqual([deleted.status, ...names(deleted)], [200, 'a first', 'c first']);
  assert.deepEqual(names(await api.call('GET', configMaps)), ['b first']);
});
