import assert from 'node:assert/strict';
import test from 'node:test';
import { isObject, textAt, valueAt } from '../json.ts';
import { createTestApi, type Answer, type TestApi } from '../testing/test-api.ts';

const deployments = '/apis/apps/v1/namespaces/default/deployments';
const services = '/api/v1/namespaces/default/services';
const configMaps = '/api/v1/namespaces/default/configmaps';

interface Apply {
  readonly manager?: string;
  readonly query?: string;
}

function apply(
  api: TestApi,
  path: string,
  body: object,
  { manager = 'a', query = '' }: Apply = {},
): Promise<Answer> {
  return api.call('PATCH', `${path}?fieldManager=${manager}${query}`, {
    body,
    headers: { 'content-type': 'application/apply-patch+yaml' },
  });
}

const merge = (api: TestApi, path: string, body: object, manager = 'm'): Promise<Answer> =>
  api.call('PATCH', `${path}?fieldManager=${manager}`, {
    body,
    headers: { 'content-type': 'application/merge-patch+json' },
  });

const configMap = (data: object | undefined, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c', ...metadata },
  ...(data && { data }),
});

const deployment = (spec: object, container: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd' },
  spec: {
    selector: { matchLabels: { app: 'd' } },
    template: {
      metadata: { labels: { app: 'd' } },
      spec: { containers: [{ name: 'main', image: 'one', ...container }] },
    },
    ...spec,
  },
});

/** `MANAGER OPERATION[/SUBRESOURCE]` -> what it owns. */
function owners(answer: Answer): Record<string, unknown> {
  const entries = valueAt(answer.body, ['metadata', 'managedFields']);
  const named = (Array.isArray(entries) ? entries : []).filter(isObject).map((entry) => {
    const [manager, operation, subresource] = ['manager', 'operation', 'subresource'].map((it) =>
      textAt(entry, [it]),
    );
    const through = subresource === '' ? '' : `/${subresource}`;
    return [`${manager} ${operation}${through}`, entry['fieldsV1']];
  });
  return Object.fromEntries(named) as Record<string, unknown>;
}

test('applying creates an object, and its manager owns what it named and nothing else', async () => {
  const api = createTestApi();
  const made = await apply(api, `${deployments}/d`, deployment({ replicas: 2 }));
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.deepEqual(owners(made), {
    'a Apply': {
      'f:spec': {
        'f:replicas': {},
        'f:selector': {},
        'f:template': {
          'f:metadata': { 'f:labels': { 'f:app': {} } },
          'f:spec': { 'f:containers': { 'k:{"name":"main"}': { '.': {}, 'f:image': {}, 'f:name': {} } } },
        },
      },
    },
  });
  const again = await apply(api, `${deployments}/d`, deployment({ replicas: 2 }));
  assert.equal(again.status, 200);
  assert.deepEqual(again.body, made.body, 'applying the same changes nothing, not even the version');
});

test('a field that another manager owns is a conflict, unless it is forced or the same', async () => {
  const api = createTestApi();
  const path = `${deployments}/d`;
  await apply(api, path, deployment({ replicas: 2 }));
  const refused = await apply(api, path, deployment({ replicas: 3 }), { manager: 'b' });
  assert.equal(refused.status, 409);
  assert.equal(refused.body['reason'], 'Conflict');
  assert.equal(refused.body['message'], 'Apply failed with 1 conflict: conflict with "a": .spec.replicas');
  assert.deepEqual(valueAt(refused.body, ['details', 'causes']), [
    { reason: 'FieldManagerConflict', message: 'conflict with "a"', field: '.spec.replicas' },
  ]);
  const shared = await apply(api, path, deployment({ replicas: 2 }), { manager: 'b' });
  assert.equal(shared.status, 200);
  const forced = await apply(api, path, deployment({ replicas: 3 }), { manager: 'b', query: '&force=true' });
  assert.equal(valueAt(forced.body, ['spec', 'replicas']), 3);
  assert.equal(valueAt(owners(forced)['a Apply'], ['f:spec', 'f:replicas']), undefined);
  assert.deepEqual(valueAt(owners(forced)['b Apply'], ['f:spec', 'f:replicas']), {});
});

test('what an update changes is owned by who updates, and conflicts name it with its version', async () => {
  const api = createTestApi();
  const path = `${deployments}/d`;
  await apply(api, path, deployment({ replicas: 2 }));
  const patched = await merge(api, path, { spec: { replicas: 5, paused: true } }, 'scaler');
  assert.deepEqual(owners(patched)['scaler Update'], { 'f:spec': { 'f:paused': {}, 'f:replicas': {} } });
  assert.equal(valueAt(owners(patched)['a Apply'], ['f:spec', 'f:replicas']), undefined);
  const refused = await apply(api, path, deployment({ replicas: 2, paused: false }));
  assert.equal(
    refused.body['message'],
    'Apply failed with 2 conflicts: conflicts with "scaler" using apps/v1:\n- .spec.paused\n- .spec.replicas',
  );
});

test('what a manager applied before and no longer names goes, unless somebody else owns it', async () => {
  const api = createTestApi();
  const path = `${configMaps}/c`;
  await apply(api, path, configMap({ mine: '1', both: '2' }, { labels: { l: 'x' } }));
  await apply(api, path, configMap({ both: '2', other: '3' }), { manager: 'b' });
  const left = await apply(api, path, configMap({}));
  assert.deepEqual(left.body['data'], { both: '2', other: '3' });
  assert.equal(valueAt(left.body, ['metadata', 'labels']), undefined);
  await apply(api, path, configMap(undefined));
  const none = await apply(api, path, configMap(undefined), { manager: 'b' });
  assert.equal(none.body['data'], undefined);
  assert.deepEqual(owners(none), {});
});

test('list items merge by their keys, and sets by their values', async () => {
  const api = createTestApi();
  const service = (ports: object[], finalizers: string[]): object => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', finalizers },
    spec: { ports },
  });
  const path = `${services}/s`;
  await apply(api, path, service([{ name: 'a', port: 53 }], ['x.y/a']));
  const both = await apply(api, path, service([{ name: 'b', port: 53, protocol: 'UDP' }], ['x.y/b']), {
    manager: 'b',
  });
  assert.equal(both.status, 200, JSON.stringify(both.body));
  assert.deepEqual(valueAt(both.body, ['spec', 'ports']), [
    { name: 'a', port: 53, protocol: 'TCP', targetPort: 53 },
    { name: 'b', port: 53, protocol: 'UDP', targetPort: 53 },
  ]);
  assert.deepEqual(valueAt(both.body, ['metadata', 'finalizers']), ['x.y/a', 'x.y/b']);
  assert.deepEqual(owners(both)['b Apply'], {
    'f:metadata': { 'f:finalizers': { 'v:"x.y/b"': {} } },
    'f:spec': {
      'f:ports': {
        'k:{"port":53,"protocol":"UDP"}': { '.': {}, 'f:name': {}, 'f:port': {}, 'f:protocol': {} },
      },
    },
  });
  const one = await apply(api, path, service([{ name: 'a', port: 53 }], []), {
    manager: 'b',
    query: '&force=true',
  });
  assert.deepEqual(valueAt(one.body, ['metadata', 'finalizers']), ['x.y/a']);
  assert.ok(!JSON.stringify(valueAt(one.body, ['spec', 'ports'])).includes('UDP'));
});

test('a field of an item does not keep the item', async () => {
  const api = createTestApi();
  const path = `${deployments}/d`;
  const two = {
    template: {
      metadata: { labels: { app: 'd' } },
      spec: {
        containers: [
          { name: 'main', image: 'one' },
          { name: 'side', image: 'two' },
        ],
      },
    },
  };
  await apply(api, path, deployment(two));
  const strategic = { spec: { template: { spec: { containers: [{ name: 'side', image: 'three' }] } } } };
  await api.call('PATCH', `${path}?fieldManager=setter`, {
    body: strategic,
    headers: { 'content-type': 'application/strategic-merge-patch+json' },
  });
  const one = await apply(api, path, deployment({}));
  assert.equal(one.status, 200, JSON.stringify(one.body));
  const containers = valueAt(one.body, ['spec', 'template', 'spec', 'containers']);
  assert.deepEqual(Array.isArray(containers) && containers.map((it: unknown) => valueAt(it, ['name'])), [
    'main',
  ]);
  assert.equal(owners(one)['setter Update'], undefined);
});

test('status is applied through its subresource, and owned apart', async () => {
  const api = createTestApi();
  const path = `${deployments}/d`;
  await apply(api, path, { ...deployment({}), status: { replicas: 9 } });
  const status = { replicas: 1, conditions: [{ type: 'Available', status: 'True' }] };
  const set = await apply(
    api,
    `${path}/status`,
    { ...deployment({ replicas: 9 }), status },
    { manager: 'c' },
  );
  assert.equal(set.status, 200, JSON.stringify(set.body));
  assert.deepEqual(set.body['status'], status);
  assert.equal(valueAt(set.body, ['spec', 'replicas']), 1);
  assert.deepEqual(owners(set)['c Apply/status'], {
    'f:status': {
      'f:conditions': { 'k:{"type":"Available"}': { '.': {}, 'f:status': {}, 'f:type': {} } },
      'f:replicas': {},
    },
  });
  const refused = await apply(
    api,
    `${path}/status`,
    { ...deployment({}), status: { replicas: 2 } },
    { manager: 'e' },
  );
  assert.equal(
    refused.body['message'],
    'Apply failed with 1 conflict: conflict with "c" with subresource "status": .status.replicas',
  );
});

test('creators own what they gave and its defaults, and not what the server chose', async () => {
  const api = createTestApi();
  const body = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's' },
    spec: { ports: [{ port: 80 }] },
  };
  const made = await api.call('POST', services, { body, headers: { 'user-agent': 'tool/v1.2 (linux)' } });
  const fields = valueAt(owners(made)['tool Update'], ['f:spec']);
  assert.ok(isObject(fields));
  assert.ok(Object.hasOwn(fields, 'f:sessionAffinity') && Object.hasOwn(fields, 'f:ports'));
  assert.ok(!Object.hasOwn(fields, 'f:clusterIP'));
});

test('an empty list of managers forgets them, and the next apply takes what was there as given', async () => {
  const api = createTestApi();
  const path = `${configMaps}/c`;
  await apply(api, path, configMap({ x: '1' }));
  const cleared = await merge(api, path, { metadata: { managedFields: [{}] } });
  assert.equal(valueAt(cleared.body, ['metadata', 'managedFields']), undefined);
  const refused = await apply(api, path, configMap({ x: '2' }));
  assert.match(String(refused.body['message']), /conflict with "before-first-apply" using v1: \.data\.x$/);
});

test('a dry run tells what would be, conflicts included, and stores nothing', async () => {
  const api = createTestApi();
  const path = `${configMaps}/c`;
  assert.equal((await apply(api, path, configMap({ x: '1' }), { query: '&dryRun=All' })).status, 201);
  assert.equal((await api.call('GET', path)).status, 404);
  await apply(api, path, configMap({ x: '1' }));
  const dry = await apply(api, path, configMap({ x: '2' }), { query: '&dryRun=All' });
  assert.equal(valueAt(dry.body, ['data', 'x']), '2');
  assert.equal(valueAt((await api.call('GET', path)).body, ['data', 'x']), '1');
  const other = { manager: 'b', query: '&dryRun=All' };
  assert.equal((await apply(api, path, configMap({ x: '2' }), other)).status, 409);
});

test('configurations that cannot be applied are refused', async () => {
  const api = createTestApi();
  const path = `${deployments}/d`;
  const status = async (body: object, options?: Apply): Promise<number> =>
    (await apply(api, path, body, options)).status;
  assert.equal(await status(deployment({}), { manager: '' }), 422);
  assert.equal(await status(deployment({}), { manager: 'x'.repeat(129) }), 422);
  assert.equal(await status({ metadata: { name: 'd' } }), 400);
  assert.equal(await status({ ...deployment({}), metadata: { name: 'd', managedFields: [] } }), 400);
  assert.equal(await status(deployment({}, { env: [{ name: 'A' }, { name: 'A' }] })), 400);
  assert.equal(await status(deployment({}, { ports: [{ name: 'no-port' }] })), 400);
  await apply(api, path, deployment({}));
  assert.equal(await status({ ...deployment({}), metadata: { name: 'd', resourceVersion: '1' } }), 409);
  const force = await api.call('PATCH', `${path}?force=true`, {
    body: {},
    headers: { 'content-type': 'application/merge-patch+json' },
  });
  assert.equal(force.status, 422);
});

test('a Scale can be applied: the count is owned, and others conflict', async () => {
  const api = createTestApi();
  const path = `${deployments}/d`;
  await apply(api, path, deployment({}), { manager: 'a' });
  const scale = (replicas: unknown): object => ({
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name: 'd' },
    spec: { replicas },
  });
  const scaled = await apply(api, `${path}/scale`, scale(4), { manager: 'b' });
  assert.deepEqual(
    [scaled.status, scaled.body['kind'], valueAt(scaled.body, ['spec', 'replicas'])],
    [200, 'Scale', 4],
  );
  const { body } = await api.call('GET', path);
  assert.equal(valueAt(body, ['spec', 'replicas']), 4);
  const owners = JSON.stringify(valueAt(body, ['metadata', 'managedFields']));
  assert.match(owners, /"subresource":"scale"/);
  assert.match(owners, /"f:spec":\{"f:replicas":\{\}\}/);
  assert.equal((await apply(api, `${path}/scale`, scale(5), { manager: 'c' })).status, 409);
  assert.equal((await apply(api, `${path}/scale`, scale(-1), { manager: 'b' })).status, 422);
});
