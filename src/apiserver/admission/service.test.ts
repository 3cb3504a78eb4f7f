import assert from 'node:assert/strict';
import test from 'node:test';
import { contains, parsePrefix } from '../../lib/prefix.ts';
import { parseAddress } from '../../lib/address.ts';
import { valueAt } from '../json.ts';
import { createTestApi, type Answer, type TestApi } from '../testing/test-api.ts';

const path = '/api/v1/namespaces/default/services';
const serviceCidr = '10.96.0.0/24';

const service = (name: string, spec: object): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { ports: [{ name: 'http', port: 80 }], ...spec },
});

const make = (api: TestApi, name: string, spec: object): Promise<Answer> =>
  api.call('POST', path, { body: service(name, spec) });

const put = (api: TestApi, name: string, spec: object): Promise<Answer> =>
  api.call('PUT', `${path}/${name}`, { body: service(name, spec) });

const specOf = (answer: Answer, ...fields: string[]): unknown => valueAt(answer.body, ['spec', ...fields]);

const nodePorts = (answer: Answer): unknown[] =>
  (specOf(answer, 'ports') as { nodePort?: number }[]).map(({ nodePort }) => nodePort);

function isIn(cidr: string, address: unknown): boolean {
  const [prefix, parsed] = [parsePrefix(cidr), parseAddress(String(address))];
  return prefix !== undefined && parsed !== undefined && contains(prefix, parsed);
}

test('a Service gets an address of the range, keeps it over updates and gives it back', async () => {
  const api = createTestApi({ serviceCidr });
  const made = await make(api, 'a', {});
  const address = specOf(made, 'clusterIP');
  assert.ok(isIn(serviceCidr, address));
  assert.deepEqual(specOf(made, 'clusterIPs'), [address]);
  assert.equal(specOf(await put(api, 'a', { selector: { app: 'x' } }), 'clusterIP'), address);
  const taken = await make(api, 'b', { clusterIP: address });
  assert.equal(taken.status, 422);
  assert.match(String(taken.body['message']), /provided IP is already allocated/);
  await api.call('DELETE', `${path}/a`);
  assert.equal((await make(api, 'b', { clusterIP: address })).status, 201);
});

test('an address may not change, nor lie outside the range', async () => {
  const api = createTestApi({ serviceCidr });
  await make(api, 'a', { clusterIP: '10.96.0.20' });
  for (const clusterIP of ['10.96.0.21', 'None']) {
    const changed = await put(api, 'a', { clusterIP });
    assert.equal(changed.status, 422);
    assert.match(String(changed.body['message']), /may not change once set/);
  }
  assert.equal((await make(api, 'b', { clusterIP: '192.0.2.1' })).status, 422);
});

test('headless Services and external names have no address', async () => {
  const api = createTestApi({ serviceCidr });
  const headless = await make(api, 'a', { clusterIP: 'None' });
  assert.deepEqual(specOf(headless, 'clusterIPs'), ['None']);
  const external = await make(api, 'b', { type: 'ExternalName', externalName: 'example.com', ports: [] });
  assert.equal(external.status, 201);
  assert.equal(specOf(external, 'clusterIP'), undefined);
});

test('node ports are given once, kept, and returned when the type changes', async () => {
  const api = createTestApi({ serviceCidr });
  const [port] = nodePorts(await make(api, 'a', { type: 'NodePort' }));
  assert.ok(Number(port) >= 30_000 && Number(port) <= 32_767);
  assert.deepEqual(nodePorts(await put(api, 'a', { type: 'NodePort' })), [port]);
  const ports = [{ port: 80, nodePort: port }];
  assert.equal((await make(api, 'b', { type: 'NodePort', ports })).status, 422);
  assert.deepEqual(nodePorts(await put(api, 'a', { type: 'ClusterIP' })), [undefined]);
  assert.equal((await make(api, 'b', { type: 'NodePort', ports })).status, 201);
});

test('one node port may serve two protocols, but not the same twice', async () => {
  const api = createTestApi({ serviceCidr });
  const ports = (second: string): object[] => [
    { name: 'a', port: 53, protocol: 'UDP', nodePort: 30_053 },
    { name: 'b', port: 53, protocol: second, nodePort: 30_053 },
  ];
  assert.equal((await make(api, 'a', { type: 'NodePort', ports: ports('TCP') })).status, 201);
  assert.equal((await make(api, 'b', { type: 'NodePort', ports: ports('UDP') })).status, 422);
});

test('a load balancer that keeps client addresses has a health check port', async () => {
  const api = createTestApi({ serviceCidr });
  const made = await make(api, 'a', { type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
  const health = specOf(made, 'healthCheckNodePort');
  assert.equal(typeof health, 'number');
  assert.notEqual(health, nodePorts(made)[0]);
  const none = await make(api, 'b', { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false });
  assert.deepEqual(nodePorts(none), [undefined]);
});

test('a dual-stack Service has an address of each family, its first family first', async () => {
  const api = createTestApi({ serviceCidr: '10.96.0.0/24,fd00:10:96::/112' });
  const made = await make(api, 'a', { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6'] });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const [first, second] = specOf(made, 'clusterIPs') as string[];
  assert.ok(isIn('fd00:10:96::/112', first) && isIn('10.96.0.0/24', second));
  assert.deepEqual(specOf(made, 'ipFamilies'), ['IPv6', 'IPv4']);
  const single = await make(createTestApi({ serviceCidr }), 'a', { ipFamilies: ['IPv6'] });
  assert.equal(single.status, 422);
});

test('when all addresses are taken, creation fails and takes nothing', async () => {
  const api = createTestApi({ serviceCidr: '10.96.0.0/28' });
  let made = 0;
  while ((await make(api, `s${made}`, {})).status === 201) made++;
  assert.ok(made >= 12 && made <= 14, String(made));
  const { status, body } = await make(api, 'more', { type: 'NodePort' });
  assert.equal(status, 500);
  assert.match(String(body['message']), /range 10\.96\.0\.0\/28 is full/);
  await api.call('DELETE', `${path}/s0`);
  assert.equal((await make(api, 'more', {})).status, 201);
});

test('a change of type takes along what only the old type had, and no more', async () => {
  const api = createTestApi({ serviceCidr });
  const change = (name: string, spec: object): Promise<Answer> =>
    api.call('PATCH', `${path}/${name}`, {
      body: { spec },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
  const made = await make(api, 'a', { type: 'NodePort' });
  assert.equal(specOf(made, 'externalTrafficPolicy'), 'Cluster');
  const inside = await change('a', { type: 'ClusterIP' });
  assert.equal(inside.status, 200);
  assert.equal(specOf(inside, 'externalTrafficPolicy'), undefined);
  assert.deepEqual(nodePorts(inside), [undefined]);
  assert.equal(specOf(inside, 'clusterIP'), specOf(made, 'clusterIP'));
  const refused = await change('a', { externalTrafficPolicy: 'Local' });
  assert.equal(refused.status, 422);
  const name = await change('a', { type: 'ExternalName', externalName: 'example.org' });
  assert.equal(name.status, 200, JSON.stringify(name.body));
  assert.equal(specOf(name, 'clusterIP'), undefined);
});
