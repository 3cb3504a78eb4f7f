import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resources } from '../../api/resources.ts';
import type { Node } from '../../api/types/core.ts';
import { defaultNetworkConfig } from '../../model/network/config.ts';
import { comesTrueWithin, inCluster, type Scenario } from '../scenario.ts';

const comesTrue = comesTrueWithin(5000);
const nodeOf = (name: string, podCIDR?: string): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  ...(podCIDR !== undefined && { spec: { podCIDR, podCIDRs: [podCIDR] } }),
});

const blocksOf = async ({ client }: Scenario): Promise<Record<string, readonly string[]>> => {
  const { items } = await client.list<Node>(resources.nodes);
  return Object.fromEntries(items.map(({ metadata, spec }) => [metadata.name, spec?.podCIDRs ?? []]));
};

const eventsOf = async ({ client }: Scenario): Promise<string[]> => {
  const { items } = await client.list(resources.events);
  return items.map(
    ({ involvedObject, reason, message }) => `${involvedObject.name} ${reason ?? ''}: ${message ?? ''}`,
  );
};

test('a node that comes without a block is given the first that is free, of each range', async () => {
  const config = { ...defaultNetworkConfig, podCidrs: ['10.244.0.0/16', 'fd00:10:244::/56'] };
  await inCluster({ objects: [nodeOf('first', '10.244.0.0/24')], config }, async (scenario) => {
    await scenario.client.create(resources.nodes, nodeOf('b'));
    await scenario.client.create(resources.nodes, nodeOf('c'));
    await comesTrue(async () => {
      const { first, ...others } = await blocksOf(scenario);
      assert.deepEqual(first, ['10.244.0.0/24'], 'what it has stays');
      assert.deepEqual(others, {
        b: ['10.244.1.0/24', 'fd00:10:244:1::/64'],
        c: ['10.244.2.0/24', 'fd00:10:244:2::/64'],
      });
    });
  });
});

test('a node for which no block is left is told how many are missing and what would help, and has one that comes free', async () => {
  const config = { ...defaultNetworkConfig, podCidrs: ['10.244.0.0/23'] };
  const objects = [nodeOf('a', '10.244.0.0/24'), nodeOf('b', '10.244.1.0/24')];
  await inCluster({ objects, config }, async (scenario) => {
    const { client } = scenario;
    await client.create(resources.nodes, nodeOf('c'));
    await comesTrue(async () =>
      assert.deepEqual(await eventsOf(scenario), [
        'c CIDRNotAvailable: 1 block is missing: podCIDR 10.244.0.0/23 has 2, one for each node, and there are 3 nodes; it would fit with 1 node fewer, or in a cluster with podCIDR 10.244.0.0/22, for that cannot be changed',
      ]),
    );
    assert.deepEqual((await blocksOf(scenario))['c'], []);
    await client.delete(resources.nodes, { name: 'a' });
    await comesTrue(async () => assert.deepEqual((await blocksOf(scenario))['c'], ['10.244.0.0/24']));
  });
});
