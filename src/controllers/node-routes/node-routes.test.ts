import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fabricResources, resources } from '../../api/resources.ts';
import type { Node } from '../../api/types/core.ts';
import type { RouteTable, UserRoute } from '../../api/types/fabric.ts';
import { defaultNetworkObjects } from '../../model/fabric/network/default-network.ts';
import { defaultNetworkConfig } from '../../model/network/config.ts';
import { comesTrueWithin, inCluster, type Scenario } from '../scenario.ts';

const config = { ...defaultNetworkConfig, model: 'kubenet' } as const;

const nodeOf = (n: number): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: `node-${n}` },
  spec: { podCIDR: `10.244.${n}.0/24` },
  status: {
    addresses: [{ type: 'InternalIP', address: `172.20.1.${n}` }],
    conditions: [{ type: 'Ready', status: 'True' }],
  },
});

const routesIn = async ({ client }: Scenario): Promise<UserRoute[]> =>
  (await client.get<RouteTable>(fabricResources.routetables, { name: 'nodes' }))?.spec.routes ?? [];

const conditionsOf = async ({ client }: Scenario, name: string): Promise<string[]> => {
  const found = await client.get<Node>(resources.nodes, { name });
  return (found?.status?.conditions ?? []).map(
    ({ type, status, reason }) => `${type} ${status} ${reason ?? ''}`,
  );
};

const comesTrue = comesTrueWithin(5000);

test('every node has a route in the table of its subnet, and it goes with the node', async () => {
  await inCluster({ objects: [...defaultNetworkObjects('kubenet'), nodeOf(1)], config }, async (scenario) => {
    const { client } = scenario;
    await client.create(resources.nodes, nodeOf(2));
    await comesTrue(async () => {
      const found = await routesIn(scenario);
      assert.deepEqual(
        found.map(({ name, prefix, nextHopAddress }) => [name, prefix, nextHopAddress]),
        [
          ['node-1', '10.244.1.0/24', '172.20.1.1'],
          ['node-2', '10.244.2.0/24', '172.20.1.2'],
        ],
      );
      assert.deepEqual(await conditionsOf(scenario, 'node-2'), [
        'Ready True ',
        'NetworkUnavailable False RouteCreated',
      ]);
    });
    await client.delete(resources.nodes, { name: 'node-1' });
    await comesTrue(async () => {
      const found = await routesIn(scenario);
      assert.deepEqual(
        found.map(({ name }) => name),
        ['node-2'],
      );
    });
  });
});

test('a node for whose route there is no room is told so, until there is', async () => {
  const user = (n: number): UserRoute => ({
    name: `user-${n}`,
    prefix: `192.0.2.${n % 256}/32`,
    nextHopType: 'None',
  });
  const objects = defaultNetworkObjects('kubenet').map((object) =>
    object.kind === 'RouteTable'
      ? { ...object, spec: { routes: Array.from({ length: 399 }, (_, n) => user(n)) } }
      : object,
  );
  await inCluster({ objects: [...objects, nodeOf(1), nodeOf(2)], config }, async (scenario) => {
    const { client } = scenario;
    await comesTrue(async () => {
      assert.deepEqual(await conditionsOf(scenario, 'node-2'), [
        'Ready True ',
        'NetworkUnavailable True NoRouteCreated',
      ]);
      const { items } = await client.list(resources.events);
      const told = items.filter(({ reason }) => reason === 'FailedToCreateRoute');
      assert.deepEqual(
        told.map(({ involvedObject }) => involvedObject.name),
        ['node-2'],
      );
    });
    const table = await client.get<RouteTable>(fabricResources.routetables, { name: 'nodes' });
    assert.ok(table);
    const routes = table.spec.routes?.filter(({ name }) => name !== 'user-7') ?? [];
    await client.update(fabricResources.routetables, { ...table, spec: { routes } });
    await comesTrue(async () => {
      const told = await conditionsOf(scenario, 'node-2');
      assert.ok(told.includes('NetworkUnavailable False RouteCreated'), told.join());
    });
  });
});
