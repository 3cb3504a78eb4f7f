import assert from 'node:assert/strict';
import test from 'node:test';
import { nodeUser } from '../identity/user.ts';
import { createTestApi, type TestApi } from '../testing/test-api.ts';

const [one, two] = [nodeUser('one'), nodeUser('two')];
const namespace = '/api/v1/namespaces/default';

async function nodesWithPods(): Promise<TestApi> {
  const api = createTestApi();
  const make = async (url: string, body: object): Promise<void> => {
    const answer = await api.call('POST', url, { body });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
  };
  for (const name of ['one', 'two']) {
    await make('/api/v1/nodes', { metadata: { name } });
    await make(`${namespace}/secrets`, { metadata: { name: `of-${name}` } });
    await make(`${namespace}/configmaps`, { metadata: { name: `of-${name}` } });
    await make(`${namespace}/serviceaccounts`, { metadata: { name: `of-${name}` } });
    await make(`${namespace}/pods`, {
      metadata: { name: `on-${name}` },
      spec: {
        nodeName: name,
        serviceAccountName: `of-${name}`,
        containers: [{ name: 'c', image: 'i', envFrom: [{ configMapRef: { name: `of-${name}` } }] }],
        volumes: [{ name: 'v', secret: { secretName: `of-${name}` } }],
      },
    });
  }
  return api;
}

const merge = { 'content-type': 'application/merge-patch+json' };

test('a node reads what its own pods refer to, and nothing of another', async () => {
  const api = await nodesWithPods();
  const asked: [string, number, number][] = [
    [`${namespace}/secrets/of-one`, 200, 403],
    [`${namespace}/configmaps/of-one`, 200, 403],
    [`${namespace}/secrets?fieldSelector=metadata.name%3Dof-one`, 200, 403],
    [`${namespace}/secrets`, 403, 403],
    [`${namespace}/serviceaccounts/of-one`, 200, 403],
    [`${namespace}/pods/on-one`, 200, 403],
    ['/api/v1/pods?fieldSelector=spec.nodeName%3Done', 200, 403],
    ['/api/v1/pods?fieldSelector=spec.nodeName!%3Dtwo', 403, 403],
    ['/api/v1/pods', 403, 403],
    ['/api/v1/nodes/one', 200, 403],
    ['/api/v1/nodes', 403, 403],
    ['/api/v1/services', 200, 200],
    ['/apis/apps/v1/deployments', 403, 403],
  ];
  for (const [path, own, others] of asked) {
    assert.equal((await api.call('GET', path, { as: one })).status, own, path);
    assert.equal((await api.call('GET', path, { as: two })).status, others, `${path} by another`);
  }
  await api.call('DELETE', `${namespace}/pods/on-one`);
  assert.equal(
    (await api.call('GET', `${namespace}/secrets/of-one`, { as: one })).status,
    403,
    'without the pod',
  );
});

test('a node writes its own Node and the status of its own pods', async () => {
  const api = await nodesWithPods();
  const patch = (path: string, body: object): Promise<number> =>
    api.call('PATCH', path, { as: one, headers: merge, body }).then(({ status }) => status);
  const ready = { status: { conditions: [] } };
  assert.equal(await patch('/api/v1/nodes/one/status', ready), 200);
  assert.equal(await patch('/api/v1/nodes/two/status', ready), 403);
  assert.equal(await patch(`${namespace}/pods/on-one/status`, { status: { phase: 'Running' } }), 200);
  assert.equal(await patch(`${namespace}/pods/on-two/status`, { status: { phase: 'Running' } }), 403);
  assert.equal(await patch(`${namespace}/pods/on-one`, { metadata: { labels: { app: 'x' } } }), 403);
  assert.equal(await patch('/api/v1/nodes/one', { metadata: { labels: { zone: 'a' } } }), 200);
  const label = { 'node-restriction.kubernetes.io/tier': 'trusted' };
  assert.equal(await patch('/api/v1/nodes/one', { metadata: { labels: label } }), 403);
  assert.equal(
    await patch('/api/v1/nodes/one', { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } }),
    403,
  );
  const create = async (name: string): Promise<number> =>
    (await api.call('POST', '/api/v1/nodes', { as: nodeUser('three'), body: { metadata: { name } } })).status;
  assert.equal(await create('four'), 403);
  assert.equal(await create('three'), 201);
});

test('a node gets tokens for its own pods, bound to them', async () => {
  const api = await nodesWithPods();
  const ask = async (account: string, pod?: string): Promise<number> => {
    const reference = pod !== undefined && { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: pod } };
    const body = { spec: { ...reference } };
    return (await api.call('POST', `${namespace}/serviceaccounts/${account}/token`, { as: one, body }))
      .status;
  };
  assert.equal(await ask('of-one', 'on-one'), 201);
  assert.equal(await ask('of-one'), 403);
  assert.equal(await ask('of-two', 'on-two'), 403);
});

test('who is called like a node without being in their group is none', async () => {
  const api = await nodesWithPods();
  const as = { name: one.name, groups: [] };
  assert.equal((await api.call('GET', `${namespace}/pods/on-one`, { as })).status, 403);
});
