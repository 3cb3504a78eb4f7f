import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressResources, resources } from '../../api/resources.ts';
import type { NodeNetworkConfig } from '../../api/types/address.ts';
import type { CoreEvent } from '../../api/types/core.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { Client } from '../../client/port.ts';
import { subnetNode, subnetPod, virtualNetwork } from '../../model/addressing/fixtures.ts';
import { defaultNetworkConfig, type NetworkConfig } from '../../model/network/config.ts';
import { inCluster, type Scenario } from '../scenario.ts';

const configs = addressResources.nodenetworkconfigs;

async function configOf(client: Client, node: string): Promise<NodeNetworkConfig> {
  const found = await client.get(configs, { namespace: 'kube-system', name: node });
  return found ?? assert.fail(`${node} has no NodeNetworkConfig`);
}

const ipsOf = ({ status }: NodeNetworkConfig): string[] =>
  (status?.networkContainers ?? []).flatMap(({ ipAssignments }) => ipAssignments.map(({ ip }) => ip));

/** Tells a story of a network with these subnets, once what is there at first has been dealt with. */
function story(
  config: Partial<NetworkConfig>,
  { subnets, objects }: { subnets: Record<string, string>; objects: readonly KubernetesObject[] },
  tell: (scenario: Scenario & { settled: () => Promise<void> }) => Promise<void>,
): Promise<void> {
  const all = [virtualNetwork.named('default', subnets), ...objects];
  return inCluster({ objects: all, config: { ...defaultNetworkConfig, ...config } }, async (scenario) => {
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

test('in the node subnet a node has all addresses that its pods may ever need, from its start', async () => {
  const objects = [subnetNode('n1', '10.0.0.5'), subnetNode('n2', '10.0.0.6')];
  const config = { model: 'azure-cni', maxPodsPerNode: 30 } as const;
  await story(config, { subnets: { nodes: '10.0.0.0/25' }, objects }, async ({ client, calls, restart }) => {
    const [one, two] = [await configOf(client, 'n1'), await configOf(client, 'n2')];
    assert.deepEqual([ipsOf(one).length, ipsOf(two).length], [30, 30]);
    assert.deepEqual([ipsOf(one)[29], ipsOf(two)[0]], ['10.0.0.126', '10.0.0.67']);
    const { networkContainers, ...status } = one.status ?? {};
    assert.deepEqual([status.assignedIPCount, status.status], [30, 'Updated']);
    const { ipAssignments, ...container } = networkContainers?.[0] ?? assert.fail();
    assert.equal(ipAssignments.length, 30);
    assert.deepEqual(container, {
      id: 'default/nodes',
      assignmentMode: 'static',
      type: 'vnet',
      primaryIP: '10.0.0.5',
      subnetName: 'default/nodes',
      subnetAddressSpace: '10.0.0.0/25',
      defaultGateway: '10.0.0.1',
      nodeIP: '10.0.0.5',
      version: 1,
      status: 'Available',
    });
    const before = calls.filter(({ verb }) => verb === 'updateStatus' || verb === 'update').length;
    await restart();
    const after = calls.filter(({ verb }) => verb === 'updateStatus' || verb === 'update').length;
    assert.equal(after, before, 'what is right is not written again');
  });
});

test('a node beyond the subnet’s capacity is told so; what there is comes to pods that wait first', async () => {
  const objects = [
    ...['n1', 'n2'].map((name, index) => subnetNode(name, `10.0.0.${5 + index}`)),
    subnetPod('web', 'n2'),
  ];
  const config = { model: 'azure-cni', maxPodsPerNode: 24 } as const;
  await story(config, { subnets: { nodes: '10.0.0.0/27' }, objects }, async ({ client, settled }) => {
    const two = await configOf(client, 'n2');
    assert.deepEqual([ipsOf(two).length, two.status?.status], [1, 'Error']);
    assert.equal(two.status?.networkContainers?.[0]?.status, 'NCUpdateSubnetFullError');
    assert.equal(ipsOf(await configOf(client, 'n1')).length, 24);
    const told = async (): Promise<string[]> =>
      (await client.list(resources.events)).items.map(
        ({ involvedObject: { kind, name }, reason, message }) => `${kind} ${name} ${reason}: ${message}`,
      );
    while ((await told()).length === 0) await settled();
    assert.deepEqual(await told(), [
      'Node n2 AddressesExhausted: 23 addresses are missing on n2: subnet default/nodes 10.0.0.0/27 has 25 to give to pods, and 48 are needed; it would fit with a /26, or with 1 node fewer, or with at most 12 pods on a node',
    ]);
  });
});

test('blocks of 16 are told as prefixes', async () => {
  const objects = [subnetNode('n1', '10.0.0.5')];
  const config = {
    model: 'azure-cni-dynamic',
    podIPAllocation: 'StaticBlock',
    maxPodsPerNode: 30,
  } as const;
  await story(
    config,
    { subnets: { nodes: '10.0.0.0/24', pods: '10.0.1.0/24' }, objects },
    async ({ client }) => {
      const one = await configOf(client, 'n1');
      assert.deepEqual(ipsOf(one), ['10.0.1.16/28', '10.0.1.32/28']);
      assert.equal(one.status?.networkContainers?.[0]?.type, 'vnetblock');
    },
  );
});

test('pods that a full subnet leaves without an address hear how many are missing', async () => {
  const pods = Array.from({ length: 13 }, (_, index) => subnetPod(`p${index}`, 'n1'));
  const objects = [subnetNode('n1', '10.0.0.5'), ...pods];
  const config = { model: 'azure-cni-dynamic', maxPodsPerNode: 30 } as const;
  await story(
    config,
    { subnets: { nodes: '10.0.0.0/24', pods: '10.0.1.0/28' }, objects },
    async ({ client, settled }) => {
      for (const address of ipsOf(await configOf(client, 'n1'))) {
        const name = { namespace: 'shop', name: `p${address.split('.')[3]}` };
        if (name.name === 'p13' || name.name === 'p14') continue;
        const body = { status: { phase: 'Running', podIP: address } };
        await client.patch(resources.pods, name, { body, subresource: 'status' });
      }
      let events: CoreEvent[] = [];
      while (events.length === 0) {
        await settled();
        events = (await client.list(resources.events)).items;
      }
      assert.deepEqual(events.map(({ involvedObject }) => involvedObject.name).toSorted(), [
        'p0',
        'p1',
        'p2',
        'p3',
      ]);
      assert.deepEqual(
        [events[0]?.reason, events[0]?.message],
        [
          'AddressesExhausted',
          '2 addresses are missing on n1: subnet default/pods 10.0.1.0/28 has 11 to give to pods, and 13 are needed; it would fit with a /27, or with 2 pods fewer',
        ],
      );
      assert.equal((await configOf(client, 'n1')).status?.scaler?.batchSize, 1);
    },
  );
});
