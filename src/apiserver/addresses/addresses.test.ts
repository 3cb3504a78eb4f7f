import assert from 'node:assert/strict';
import test from 'node:test';
import { arrayAt, textAt, valueAt } from '../json.ts';
import { createTestApi, type Answer, type TestApi } from '../testing/test-api.ts';

const network = '/apis/networking.k8s.io/v1';
const services = '/api/v1/namespaces/default/services';

const make = (api: TestApi, name: string, spec: object): Promise<Answer> =>
  api.call('POST', services, {
    body: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { ports: [{ port: 80 }], ...spec },
    },
  });

const makeRange = (api: TestApi, name: string, cidrs: readonly string[]): Promise<Answer> =>
  api.call('POST', `${network}/servicecidrs`, {
    body: { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name }, spec: { cidrs } },
  });

const namesIn = async (api: TestApi, plural: string): Promise<string[]> =>
  arrayAt((await api.call('GET', `${network}/${plural}`)).body, ['items']).map((it) =>
    textAt(it, ['metadata', 'name']),
  );

test('every address of a Service has an IPAddress that names it, until the Service lets go of it', async () => {
  const api = createTestApi({ serviceCidr: '10.96.0.0/24,fd00:10:96::/112' });
  await make(api, 'one', { clusterIP: '10.96.0.20' });
  await make(api, 'two', {
    ipFamilyPolicy: 'RequireDualStack',
    clusterIP: 'fd00:10:96::00aa',
    clusterIPs: ['fd00:10:96::00aa', '10.96.0.21'],
  });
  await make(api, 'headless', { clusterIP: 'None' });
  assert.deepEqual(await namesIn(api, 'ipaddresses'), ['10.96.0.20', '10.96.0.21', 'fd00:10:96::aa']);
  const { body } = await api.call('GET', `${network}/ipaddresses/10.96.0.20`);
  assert.deepEqual(valueAt(body, ['spec', 'parentRef']), {
    resource: 'services',
    namespace: 'default',
    name: 'one',
  });
  assert.equal(textAt(body, ['metadata', 'labels', 'ipaddress.kubernetes.io/ip-family']), 'IPv4');
  await api.call('DELETE', `${services}/one`);
  const external = { type: 'ExternalName', externalName: 'example.org' };
  const patched = await api.call('PATCH', `${services}/two`, {
    body: { spec: external },
    headers: { 'content-type': 'application/merge-patch+json' },
  });
  assert.equal(patched.status, 200, JSON.stringify(patched.body));
  assert.deepEqual(await namesIn(api, 'ipaddresses'), []);
});

test('an address that somebody reserves is given to no Service, and one in use comes back when deleted', async () => {
  const api = createTestApi({ serviceCidr: '10.96.0.0/24' });
  const reserve = (name: string): Promise<Answer> =>
    api.call('POST', `${network}/ipaddresses`, {
      body: {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'IPAddress',
        metadata: { name },
        spec: { parentRef: { group: 'example.org', resource: 'gateways', name: 'edge' } },
      },
    });
  assert.equal((await reserve('10.96.0.40')).status, 201);
  assert.equal((await reserve('10.096.0.41')).status, 422);
  assert.equal((await make(api, 'a', { clusterIP: '10.96.0.40' })).status, 422);
  assert.equal((await make(api, 'b', { clusterIP: '10.96.0.42' })).status, 201);
  await api.call('DELETE', `${network}/ipaddresses/10.96.0.42`);
  assert.deepEqual(await namesIn(api, 'ipaddresses'), ['10.96.0.40', '10.96.0.42']);
});

test('a new ServiceCIDR gives a full cluster more addresses, and stays while they are held', async () => {
  const api = createTestApi({ serviceCidr: '10.96.0.0/28' });
  let made = 0;
  while ((await make(api, `s${made}`, {})).status === 201) made++;
  assert.equal((await makeRange(api, 'more', ['10.97.0.0/28'])).status, 201);
  const extra = await make(api, 'extra', {});
  assert.equal(extra.status, 201, JSON.stringify(extra.body));
  assert.match(textAt(extra.body, ['spec', 'clusterIP']), /^10\.97\.0\./);
  const { body } = await api.call('DELETE', `${network}/servicecidrs/more`);
  assert.equal(typeof valueAt(body, ['metadata', 'deletionTimestamp']), 'string');
  const held = await api.call('GET', `${network}/servicecidrs/more`);
  const [condition] = arrayAt(held.body, ['status', 'conditions']);
  assert.deepEqual([textAt(condition, ['status']), textAt(condition, ['reason'])], ['False', 'Terminating']);
  assert.equal((await make(api, 'another', {})).status, 500, 'a range that goes away gives nothing');
  await api.call('DELETE', `${services}/extra`);
  assert.deepEqual(await namesIn(api, 'servicecidrs'), ['kubernetes']);
});

test('a ServiceCIDR that is not used goes at once, and says what is wrong with it otherwise', async () => {
  const api = createTestApi();
  await makeRange(api, 'more', ['10.97.0.0/24', 'fd00::/112']);
  assert.equal((await makeRange(api, 'none', [])).status, 422);
  assert.equal((await makeRange(api, 'twice', ['10.97.0.0/24', '10.98.0.0/24'])).status, 422);
  const changed = await api.call('PATCH', `${network}/servicecidrs/more`, {
    body: { spec: { cidrs: ['10.99.0.0/24'] } },
    headers: { 'content-type': 'application/merge-patch+json' },
  });
  assert.match(String(changed.body['message']), /spec\.cidrs\[0\]: Invalid value: .*: field is immutable/);
  await api.call('DELETE', `${network}/servicecidrs/more`);
  assert.deepEqual(await namesIn(api, 'servicecidrs'), ['kubernetes']);
});
