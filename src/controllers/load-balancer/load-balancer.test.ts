import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadBalancerResources, resources } from '../../api/resources.ts';
import type { LoadBalancerAddress } from '../../api/types/load-balancer.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { Client } from '../../client/port.ts';
import { inCluster, type Scenario } from '../scenario.ts';
import { balancedService, poolNamed } from '../../model/load-balancer/fixtures.ts';
import { addressesGivenTo } from '../../model/load-balancer/status.ts';

const claims = loadBalancerResources.loadbalanceraddresses;
const shop = (name: string): { namespace: string; name: string } => ({ namespace: 'shop', name });

/** Addresses that each Service says it has, by name. */
async function givenAddresses(client: Client): Promise<Record<string, string[]>> {
  const { items } = await client.list(resources.services);
  return Object.fromEntries(items.map((service) => [service.metadata.name, addressesGivenTo(service)]));
}

/** Tells a story once what is there at first has been dealt with. */
function story(
  objects: readonly KubernetesObject[],
  tell: (scenario: Scenario & { settled: () => Promise<void> }) => Promise<void>,
): Promise<void> {
  return inCluster({ objects }, async (scenario) => {
    const settled = async (): Promise<void> => {
      for (let round = 0; round < 4; round++) {
        await new Promise((resolve) => setTimeout(resolve, 15));
        await scenario.controllers.idle();
      }
    };
    await settled();
    await tell({ ...scenario, settled });
  });
}

const claimed = async (client: Client): Promise<Record<string, string[]>> => {
  const { items } = await client.list(claims);
  return Object.fromEntries(items.map(({ spec }) => [spec.address, spec.services]));
};

test('a Service gets an address of a pool, and a claim says so', async () => {
  await story([poolNamed('one', ['192.0.2.7/32']), balancedService('web')], async ({ client }) => {
    assert.deepEqual(await givenAddresses(client), { web: ['192.0.2.7'] });
    assert.deepEqual(await claimed(client), { '192.0.2.7': ['shop/web'] });
    const [pool] = (await client.list(loadBalancerResources.ipaddresspools)).items;
    assert.deepEqual(pool?.status, { assignedIPv4: 1, assignedIPv6: 0, availableIPv4: 0, availableIPv6: 0 });
    const { items: events } = await client.list(resources.events);
    assert.deepEqual(
      events.map(({ type, reason, message }) => [type, reason, message]),
      [['Normal', 'IPAllocated', 'assigned 192.0.2.7 of pool one']],
    );
  });
});

test('who finds the pool exhausted is told so, and gets the address that another gives back', async () => {
  const objects = [poolNamed('one', ['192.0.2.7/32']), balancedService('a')];
  await story(objects, async ({ client, settled }) => {
    await client.create(resources.services, balancedService('b'));
    await settled();
    const waiting = await client.get(resources.services, shop('b'));
    assert.equal(waiting?.status?.conditions?.[0]?.reason, 'PoolExhausted');
    await client.delete(resources.services, shop('a'));
    await settled();
    assert.deepEqual(await givenAddresses(client), { b: ['192.0.2.7'] });
    assert.deepEqual(await claimed(client), { '192.0.2.7': ['shop/b'] });
    const served = await client.get(resources.services, shop('b'));
    assert.deepEqual(served?.status?.conditions, []);
  });
});

test('addresses stay over a restart of the controllers', async () => {
  const names = ['a', 'b', 'c', 'd'];
  const objects = [poolNamed('one', ['192.0.2.0/28']), ...names.map((name) => balancedService(name))];
  await story(objects, async ({ client, restart, settled, calls }) => {
    const before = await givenAddresses(client);
    const writes = calls.length;
    await restart();
    await settled();
    assert.deepEqual(await givenAddresses(client), before);
    const written = calls.slice(writes).filter(({ verb }) => !['get', 'list'].includes(verb));
    const names = written.map(({ resource }) => resource.plural);
    assert.ok(!names.includes('services') && !names.includes('loadbalanceraddresses'), names.join());
  });
});

test('a Service that is no load balancer any more, or of another class, has no address', async () => {
  const objects = [
    poolNamed('one', ['192.0.2.0/28']),
    balancedService('a'),
    balancedService('other', { loadBalancerClass: 'example.org/cloud' }),
    balancedService('own', { loadBalancerClass: 'weft.dev/load-balancer' }),
  ];
  await story(objects, async ({ client, settled }) => {
    const { a, other, own } = await givenAddresses(client);
    assert.deepEqual([a?.length, other?.length, own?.length], [1, 0, 1]);
    await client.patch(resources.services, shop('a'), { body: { spec: { type: 'ClusterIP' } } });
    await settled();
    assert.equal(Object.keys(await claimed(client)).length, 1);
  });
});

test('a pool that goes, or shrinks, takes its addresses along where others are to be had', async () => {
  const objects = [poolNamed('one', ['192.0.2.0/28']), balancedService('a')];
  await story(objects, async ({ client, settled }) => {
    await client.create(loadBalancerResources.ipaddresspools, poolNamed('two', ['198.51.100.9/32']));
    await client.delete(loadBalancerResources.ipaddresspools, { namespace: 'metallb-system', name: 'one' });
    await settled();
    assert.deepEqual(await givenAddresses(client), { a: ['198.51.100.9'] });
    await client.delete(loadBalancerResources.ipaddresspools, { namespace: 'metallb-system', name: 'two' });
    await settled();
    const pending = await client.get(resources.services, shop('a'));
    // Where no pool is left at all, nothing says that the address is not somebody else's by now.
    assert.equal(pending?.status?.conditions?.[0]?.reason, 'NoPool');
    assert.deepEqual(await claimed(client), {});
  });
});

test('pools elsewhere than in metallb-system do not count, and of pools that overlap the older one does', async () => {
  const stray = poolNamed('stray', ['203.0.113.0/24']);
  const objects = [
    { ...stray, metadata: { ...stray.metadata, namespace: 'shop' } },
    poolNamed('one', ['192.0.2.7/32']),
    poolNamed('two', ['192.0.2.0/28']),
    poolNamed('upside-down', ['192.0.2.9-192.0.2.3']),
    balancedService('a'),
  ];
  await story(objects, async ({ client }) => {
    assert.deepEqual(await givenAddresses(client), { a: ['192.0.2.7'] });
    const { items } = await client.list(resources.events);
    assert.deepEqual(
      items
        .filter(({ reason }) => reason === 'InvalidPool')
        .map(({ message }) => message)
        .toSorted(),
      [
        '"192.0.2.9-192.0.2.3" is neither a CIDR nor a range FIRST-LAST of one family',
        '192.0.2.0/28 overlaps 192.0.2.7/32 of pool one',
        'objects of metallb.io count in namespace metallb-system only',
      ],
    );
  });
});

test('an address that a machine outside answers for is left, and the Service gets another', async () => {
  const objects = [poolNamed('one', ['192.0.2.8/31']), balancedService('a')];
  await story(objects, async ({ client, settled }) => {
    const { a: [first = ''] = [] } = await givenAddresses(client);
    const conflict = { mac: '02:00:00:00:00:01', node: 'n1', time: new Date().toISOString() };
    await client.patch(claims, { name: first }, { body: { status: { conflict } }, subresource: 'status' });
    await settled();
    const { a: [second] = [] } = await givenAddresses(client);
    assert.equal(second, first === '192.0.2.8' ? '192.0.2.9' : '192.0.2.8');
    assert.deepEqual((await claimed(client))[first], [], 'it is remembered who has it');
  });
});

test('a claim that a crash left, without a Service or with one that has another address, is cleared away', async () => {
  const left = (address: string, services: string[]): LoadBalancerAddress => ({
    apiVersion: 'weft.dev/v1alpha1',
    kind: 'LoadBalancerAddress',
    metadata: { name: address },
    spec: { address, pool: 'one', services },
  });
  const objects = [
    poolNamed('one', ['192.0.2.0/28']),
    left('192.0.2.1', ['shop/gone']),
    left('192.0.2.2', []),
    left('192.0.2.3', ['shop/a']),
    balancedService('a', { loadBalancerIP: '192.0.2.4' }),
  ];
  await story(objects, async ({ client }) => {
    // It might have been another process that is still at it.
    while (Object.keys(await claimed(client)).length > 1) await new Promise((done) => setTimeout(done, 50));
    assert.deepEqual(await claimed(client), { '192.0.2.4': ['shop/a'] });
  });
});

test('Services that share a key share an address, unless a port is asked of both or they keep traffic to other pods', async () => {
  const shared = { 'metallb.io/allow-shared-ip': 'one' };
  const objects = [
    poolNamed('one', ['192.0.2.0/28']),
    balancedService('tcp', {}, shared),
    balancedService('udp', { ports: [{ port: 80, protocol: 'UDP' }] }, shared),
    balancedService('same-port', {}, shared),
    balancedService('local', { externalTrafficPolicy: 'Local', ports: [{ port: 81 }] }, shared),
  ];
  await story(objects, async ({ client }) => {
    const given = await givenAddresses(client);
    assert.deepEqual(given['tcp'], given['udp']);
    assert.equal(new Set([given['tcp'], given['same-port'], given['local']].map(String)).size, 3);
  });
});
