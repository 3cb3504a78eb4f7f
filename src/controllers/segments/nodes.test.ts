import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fabricResources, layer2Resources, loadBalancerResources, resources } from '../../api/resources.ts';
import type { Node } from '../../api/types/core.ts';
import type { Segment } from '../../api/types/layer2.ts';
import { labPoolObjects } from '../../model/load-balancer/lab-pool.ts';
import { balancedService } from '../../model/load-balancer/fixtures.ts';
import { addressesGivenTo } from '../../model/load-balancer/status.ts';
import { comesTrueWithin, inCluster, type Scenario } from '../scenario.ts';

const segmentWith = (spec: NonNullable<Segment['spec']>): Segment => ({
  apiVersion: 'weft.dev/v1alpha1',
  kind: 'Segment',
  metadata: { name: 'default' },
  spec,
});
const nodeOf = (n: number): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: `node-${n}` },
  spec: { podCIDR: `10.244.${n}.0/24` },
  status: {
    addresses: [
      { type: 'InternalIP', address: `172.20.1.${n}` },
      { type: 'Hostname', address: `node-${n}` },
    ],
    conditions: [{ type: 'Ready', status: 'True' }],
  },
});

const addresses = async ({ client }: Scenario): Promise<string[]> =>
  (await client.list<Node>(resources.nodes)).items.map(({ status }) => status?.addresses?.[0]?.address ?? '');

const waiting = async ({ client }: Scenario): Promise<string[]> =>
  (await client.list<Node>(resources.nodes)).items.flatMap(({ status }) => {
    const found = status?.conditions?.find(({ type }) => type === 'NetworkUnavailable');
    return found?.status === 'True' ? [found.message ?? ''] : [];
  });

const held = async ({ client }: Scenario): Promise<string[]> =>
  (await client.list(layer2Resources.segmentaddresses)).items.map(
    ({ spec }) => `${spec.address} ${spec.holder.name}`,
  );

const comesTrue = comesTrueWithin(20_000);

test('nodes keep the addresses that they were made with, and those are written down', async () => {
  await inCluster({ objects: [nodeOf(1), nodeOf(2)] }, async (scenario) => {
    await comesTrue(async () =>
      assert.deepEqual(await held(scenario), ['172.20.1.1 node-1', '172.20.1.2 node-2']),
    );
    assert.deepEqual(await waiting(scenario), []);
  });
});

test('where the segment has a pool for nodes, they move there; who finds none left is told how many are missing', async () => {
  const pools = [{ name: 'nodes', range: '172.20.1.2-172.20.1.2' }];
  const objects = [nodeOf(1), nodeOf(2), nodeOf(3), segmentWith({ pools })];
  await inCluster({ objects }, async (scenario) => {
    await comesTrue(async () => {
      const told = await waiting(scenario);
      assert.equal(told.length, 2);
      for (const text of told) {
        assert.match(text, /^Segment\/default, pool nodes 172\.20\.1\.2\/32: 2 addresses are missing/);
        assert.match(text, /; widen it, or delete what holds some of it \(SegmentAddress\)$/);
      }
    });
    assert.deepEqual(await addresses(scenario), ['172.20.1.1', '172.20.1.2', '172.20.1.3']);
    const wider = [{ name: 'nodes', range: '172.20.60.0/29' }];
    await scenario.client.patch(
      layer2Resources.segments,
      { name: 'default' },
      { body: { spec: { pools: wider } } },
    );
    await comesTrue(async () => {
      assert.deepEqual(await waiting(scenario), []);
      for (const address of await addresses(scenario)) assert.match(address, /^172\.20\.60\./);
    });
  });
});

test('nodes have addresses of the DHCP range where the segment says so', async () => {
  const segment = segmentWith({
    dhcp: { range: '172.20.70.5-172.20.70.9' },
    nodeAddresses: 'DHCP',
  });
  await inCluster({ objects: [nodeOf(1), segment] }, async (scenario) => {
    await comesTrue(async () => assert.deepEqual(await addresses(scenario), ['172.20.70.5']));
  });
});

test('the lab’s load balancers have the addresses that the segment sets aside for them, and no machine has one', async () => {
  const pools = [{ name: 'load-balancers', range: '172.20.80.1-172.20.80.1' }];
  const objects = [
    nodeOf(1),
    ...labPoolObjects(['IPv4'], 'calico'),
    segmentWith({ pools }),
    balancedService('web'),
  ];
  await inCluster({ objects }, async (scenario) => {
    const { client } = scenario;
    await comesTrue(async () => {
      const [service] = (await client.list(resources.services)).items;
      assert.deepEqual(service && addressesGivenTo(service), ['172.20.80.1']);
    });
    const [pool] = (await client.list(loadBalancerResources.ipaddresspools)).items;
    assert.deepEqual(pool?.spec.addresses, ['172.20.80.1-172.20.80.1']);
    await client.create(fabricResources.virtualmachines, {
      apiVersion: 'weft.dev/v1alpha1',
      kind: 'VirtualMachine',
      metadata: { name: 'vm' },
      spec: { interfaces: [{ name: 'eth0', segment: 'default', addresses: ['172.20.80.1'] }] },
    });
    await comesTrue(async () => {
      const { items } = await client.list(resources.events);
      const told = items.find(({ reason }) => reason === 'NoAddress');
      assert.match(told?.message ?? '', /172\.20\.80\.1 of Segment\/default is the cluster's own/);
    });
    assert.deepEqual(await held(scenario), ['172.20.1.1 node-1']);
  });
});
