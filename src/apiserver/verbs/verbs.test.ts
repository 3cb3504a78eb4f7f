import assert from 'node:assert/strict';
import test from 'node:test';
import { textAt, valueAt } from '../json.ts';
import { createTestApi, type TestApi } from '../testing/test-api.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const deployments = '/apis/apps/v1/namespaces/default/deployments';

const configMap = (name: string, fields: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...fields,
});

const podSpec = { containers: [{ name: 'main', image: 'none.invalid/none' }] };

const deployment = (name: string): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: podSpec },
  },
});

const pod = (name: string, labels: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels },
  spec: podSpec,
});

async function make(api: TestApi, path: string, body: object): Promise<unknown> {
  const answer = await api.call('POST', path, { body });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body;
}

test('without a known token nothing is told, and health is open', async () => {
  const api = createTestApi();
  for (const authorization of ['', 'Bearer wrong', 'Basic c2VjcmV0']) {
    const { status, body } = await api.call('GET', '/api/v1/pods', { headers: { authorization } });
    assert.equal(status, 401);
    assert.deepEqual(body, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Unauthorized',
      reason: 'Unauthorized',
      code: 401,
    });
  }
  const { status } = await api.call('GET', '/readyz', { headers: { authorization: '' } });
  assert.equal(status, 200);
});

test('what is not there is a 404 in the words of the API', async () => {
  const { status, body } = await createTestApi().call('GET', `${deployments}/web`);
  assert.equal(status, 404);
  assert.equal(body['message'], 'deployments.apps "web" not found');
  assert.deepEqual(body['details'], { name: 'web', group: 'apps', kind: 'deployments' });
});

test('paths, methods and bodies that mean nothing get their own status', async () => {
  const api = createTestApi();
  const status = async (method: string, path: string, body?: unknown): Promise<number> =>
    (await api.call(method, path, { body })).status;
  assert.equal(await status('GET', '/apis/nothing.example'), 404);
  assert.equal(await status('GET', '/api/v1/namespaces/default/pods/a/unknown'), 404);
  assert.equal(await status('GET', '/api/v1/namespaces/default/pods/%ff'), 400);
  assert.equal(await status('PUT', configMaps, configMap('a')), 405);
  assert.equal(await status('POST', '/api/v1/configmaps', configMap('a')), 405);
  assert.equal(await status('POST', configMaps, '{'), 400);
  assert.equal(await status('POST', configMaps, '[]'), 400);
  assert.equal(await status('POST', configMaps, deployment('a')), 400);
  assert.equal(await status('POST', configMaps, '{"a":'.repeat(5000) + '1' + '}'.repeat(5000)), 400);
  assert.equal(
    await status(
      'POST',
      configMaps,
      '{"__proto__":{"a":1},"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}',
    ),
    400,
  );
});

test('an object cannot come into a namespace that is not there or is going away', async () => {
  const api = createTestApi();
  const path = '/api/v1/namespaces/shop/configmaps';
  assert.equal((await api.call('POST', path, { body: configMap('a') })).status, 404);
  await make(api, '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  await make(api, path, configMap('a'));
  const deleted = await api.call('DELETE', '/api/v1/namespaces/shop');
  assert.equal(valueAt(deleted.body, ['status', 'phase']), 'Terminating');
  const refused = await api.call('POST', path, { body: configMap('b') });
  assert.equal(refused.status, 403);
  assert.match(JSON.stringify(refused.body), /NamespaceTerminating/);
  const finalized = await api.call('PUT', '/api/v1/namespaces/shop/finalize', {
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' }, spec: {} },
  });
  assert.equal(finalized.status, 200);
  assert.equal((await api.call('GET', '/api/v1/namespaces/shop')).status, 404);
  assert.equal((await api.call('GET', `${path}/a`)).status, 404, 'what was in it is gone too');
});

test('generation counts changes of the spec, and an update that changes nothing writes nothing', async () => {
  const api = createTestApi();
  await make(api, deployments, deployment('web'));
  const read = async (): Promise<Record<string, unknown>> =>
    (await api.call('GET', `${deployments}/web`)).body;
  const first = await read();
  await api.call('PUT', `${deployments}/web`, { body: first });
  assert.equal(
    valueAt(await read(), ['metadata', 'resourceVersion']),
    valueAt(first, ['metadata', 'resourceVersion']),
  );
  const merge = { 'content-type': 'application/merge-patch+json' };
  await api.call('PATCH', `${deployments}/web`, {
    body: { metadata: { labels: { a: 'b' } } },
    headers: merge,
  });
  assert.equal(valueAt(await read(), ['metadata', 'generation']), 1);
  await api.call('PATCH', `${deployments}/web`, { body: { spec: { replicas: 2 } }, headers: merge });
  assert.equal(valueAt(await read(), ['metadata', 'generation']), 2);
  await api.call('PATCH', `${deployments}/web/status`, {
    body: { status: { replicas: 2 }, spec: { replicas: 9 } },
    headers: merge,
  });
  const last = await read();
  assert.equal(valueAt(last, ['metadata', 'generation']), 2);
  assert.equal(valueAt(last, ['status', 'replicas']), 2);
  assert.equal(valueAt(last, ['spec', 'replicas']), 2);
});

test('the scale subresource reads and sets the replicas', async () => {
  const api = createTestApi();
  await make(api, deployments, deployment('web'));
  const scale = (await api.call('GET', `${deployments}/web/scale`)).body;
  assert.equal(valueAt(scale, ['kind']), 'Scale');
  assert.equal(valueAt(scale, ['status', 'selector']), 'app=web');
  await api.call('PUT', `${deployments}/web/scale`, { body: { ...scale, spec: { replicas: 4 } } });
  assert.equal(valueAt((await api.call('GET', `${deployments}/web`)).body, ['spec', 'replicas']), 4);
  const stale = await api.call('PUT', `${deployments}/web/scale`, {
    body: { ...scale, spec: { replicas: 5 } },
  });
  assert.equal(stale.status, 409);
});

test('a pod is bound to a node once', async () => {
  const api = createTestApi();
  const pods = '/api/v1/namespaces/default/pods';
  await make(api, pods, pod('a'));
  const binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: 'a' },
    target: { kind: 'Node', name: 'n1' },
  };
  assert.equal((await api.call('POST', `${pods}/a/binding`, { body: binding })).status, 201);
  assert.equal(valueAt((await api.call('GET', `${pods}/a`)).body, ['spec', 'nodeName']), 'n1');
  assert.equal((await api.call('POST', `${pods}/a/binding`, { body: binding })).status, 409);
  const onNode = await api.call('GET', `${pods}?fieldSelector=spec.nodeName=n1,status.phase!=Running`);
  assert.equal((onNode.body['items'] as unknown[]).length, 1);
  assert.equal((await api.call('GET', `${pods}?fieldSelector=spec.color=red`)).status, 400);
});

test('unknown fields are refused, warned about or ignored, and never stored', async () => {
  const api = createTestApi();
  const body = {
    ...deployment('web'),
    spec: { ...(deployment('web') as { spec: object }).spec, replica: 3 },
  };
  const strict = await api.call('POST', `${deployments}?fieldValidation=Strict`, { body });
  assert.equal(strict.status, 400);
  assert.match(String(strict.body['message']), /strict decoding error: unknown field "spec\.replica"/);
  const warned = await api.call('POST', `${deployments}?fieldValidation=Warn`, { body });
  assert.equal(warned.status, 201);
  assert.match(warned.headers['warning'] ?? '', /^299 - "unknown field/);
  assert.equal(valueAt(warned.body, ['spec', 'replica']), undefined);
});

test('what is invalid is a 422 that names every field', async () => {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'UPPER' },
    spec: { ports: [{ port: 70_000 }] },
  };
  const { status, body } = await createTestApi().call('POST', '/api/v1/namespaces/default/services', {
    body: service,
  });
  assert.equal(status, 422);
  const causes = valueAt(body, ['details', 'causes']) as { field: string }[];
  const fields = ['metadata.name', 'spec.ports[0].port', 'spec.ports[0].targetPort'];
  assert.deepEqual(causes.map(({ field }) => field).sort(), fields);
});

test('a dry run answers as if, and stores nothing', async () => {
  const api = createTestApi();
  const { resourceVersion } = api.store;
  const { status, body } = await api.call('POST', `${configMaps}?dryRun=All`, { body: configMap('a') });
  assert.equal(status, 201);
  assert.equal(valueAt(body, ['metadata', 'name']), 'a');
  assert.equal(api.store.resourceVersion, resourceVersion);
});

test('deletion respects preconditions and finalizers', async () => {
  const api = createTestApi();
  await make(api, configMaps, {
    ...configMap('a'),
    metadata: { name: 'a', finalizers: ['example.com/hold'] },
  });
  const wrong = await api.call('DELETE', `${configMaps}/a`, { body: { preconditions: { uid: 'other' } } });
  assert.equal(wrong.status, 409);
  const held = await api.call('DELETE', `${configMaps}/a`);
  assert.notEqual(valueAt(held.body, ['metadata', 'deletionTimestamp']), undefined);
  const headers = { 'content-type': 'application/merge-patch+json' };
  await api.call('PATCH', `${configMaps}/a`, { body: { metadata: { finalizers: null } }, headers });
  assert.equal((await api.call('GET', `${configMaps}/a`)).status, 404);
});

test('orphans forget their owner', async () => {
  const api = createTestApi();
  const owner = await make(api, deployments, deployment('web'));
  const uid = valueAt(owner, ['metadata', 'uid']);
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid }];
  await make(api, configMaps, { ...configMap('a'), metadata: { name: 'a', ownerReferences } });
  await api.call('DELETE', `${deployments}/web`, { body: { propagationPolicy: 'Orphan' } });
  assert.deepEqual(
    valueAt((await api.call('GET', `${configMaps}/a`)).body, ['metadata', 'ownerReferences']),
    [],
  );
});

test('a collection is deleted by selector', async () => {
  const api = createTestApi();
  for (const [name, app] of [
    ['a', 'x'],
    ['b', 'x'],
    ['c', 'y'],
  ] as const) {
    await make(api, '/api/v1/namespaces/default/pods', pod(name, { app }));
  }
  await api.call('DELETE', '/api/v1/namespaces/default/pods?labelSelector=app=x');
  const left = (await api.call('GET', '/api/v1/pods')).body['items'] as { metadata: { name: string } }[];
  assert.deepEqual(
    left.map((it) => it.metadata.name),
    ['c'],
  );
});

test('a list in pieces is of one moment, whatever is written in between', async () => {
  const api = createTestApi();
  for (const name of ['a', 'b', 'c', 'd', 'e']) await make(api, configMaps, configMap(name));
  const names: string[] = [];
  let token = '';
  const versions = new Set<unknown>();
  do {
    const { body } = await api.call('GET', `${configMaps}?limit=2&continue=${token}`);
    names.push(...(body['items'] as { metadata: { name: string } }[]).map((it) => it.metadata.name));
    versions.add(valueAt(body, ['metadata', 'resourceVersion']));
    token = textAt(body, ['metadata', 'continue']);
    await api.call('DELETE', `${configMaps}/d`);
    await api.call('POST', configMaps, { body: configMap('bb') });
  } while (token !== '');
  assert.deepEqual(names, ['a', 'b', 'c', 'd', 'e']);
  assert.equal(versions.size, 1);
  assert.equal((await api.call('GET', `${configMaps}?limit=2&continue=bm9uZQ`)).status, 400);
});

test('ClusterNetwork keeps what the network is built on', async () => {
  const api = createTestApi();
  const network = { apiVersion: 'weft.dev/v1alpha1', kind: 'ClusterNetwork', metadata: { name: 'default' } };
  const path = '/apis/weft.dev/v1alpha1/clusternetworks';
  await make(api, path, { ...network, spec: { model: 'flannel' } });
  const changed = await api.call('PUT', `${path}/default`, {
    body: {
      ...network,
      spec: {
        model: 'azure-cni',
        podCIDR: '10.9.0.0/16',
        serviceCIDR: '10.10.0.0/16',
        podSubnet: 'others',
        podIPAllocation: 'StaticBlock',
        cniMode: 'bridge',
      },
    },
  });
  assert.equal(changed.status, 422);
  assert.deepEqual(
    (valueAt(changed.body, ['details', 'causes']) as { field: string }[]).map(({ field }) => field),
    ['model', 'podCIDR', 'serviceCIDR', 'podSubnet', 'podIPAllocation', 'cniMode'].map(
      (field) => `spec.${field}`,
    ),
  );
  const allowed = await api.call('PUT', `${path}/default`, {
    body: { ...network, spec: { model: 'flannel', maxPodsPerNode: 50 } },
  });
  assert.equal(allowed.status, 200);
});
