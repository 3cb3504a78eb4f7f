import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { resources } from '../../api/resources.ts';
import type { Node, Pod } from '../../api/types/core.ts';
import { defaultNetworkConfig, type NetworkConfig } from '../../model/network/config.ts';
import { inCluster, type Scenario } from '../scenario.ts';

const node: Node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n1' },
  spec: { podCIDR: '10.244.0.0/29' },
  status: {
    addresses: [{ type: 'InternalIP', address: '172.20.1.1' }],
    conditions: [{ type: 'Ready', status: 'True' }],
  },
};

const pod = (name: string, podIP?: string, hostNetwork = false): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: `uid-${name}` },
  spec: { nodeName: 'n1', hostNetwork, containers: [{ name: 'c', image: 'none' }] },
  ...(podIP !== undefined && { status: { podIP, phase: 'Running' } }),
});

/** Those of a /29 that pods can have: the bridge of kubenet has one more. */
const five = [2, 3, 4, 5, 6].map((n) => pod(`p${n}`, `10.244.0.${n}`));

const told = async ({ client }: Scenario): Promise<string[]> =>
  (await client.list(resources.events)).items
    .filter(({ reason }) => reason === 'AddressesExhausted')
    .map(({ involvedObject, message }) => `${involvedObject.name}: ${message}`)
    .toSorted();

/** Asks until somebody was told something, for ten seconds at most. */
async function whenTold(scenario: Scenario): Promise<string[]> {
  for (let rounds = 1000; rounds > 0; rounds--) {
    const found = await told(scenario);
    if (found.length > 0) return found;
    await sleep(10);
  }
  return [];
}

const kubenet: NetworkConfig = { ...defaultNetworkConfig, model: 'kubenet' };

test('a pod for which its node has no address left is told how many are missing, and what would help', async () => {
  const objects = [node, ...five, pod('late'), pod('host', undefined, true)];
  await inCluster({ objects, config: kubenet }, async (scenario) => {
    assert.deepEqual(await whenTold(scenario), [
      'late: 1 address is missing on n1: its block 10.244.0.0/29 has 5 to give to pods, and 6 are needed; ' +
        'it would fit with 1 pod fewer on the node, or with a larger podCIDR',
    ]);
  });
});

test('pods that are only slow to get their addresses are told nothing, until those are all given', async () => {
  const [last, ...others] = five;
  assert.ok(last);
  const objects = [node, ...others, pod('p2'), pod('late')];
  await inCluster({ objects, config: kubenet }, async (scenario) => {
    await sleep(1_100);
    await scenario.controllers.idle();
    assert.deepEqual(await told(scenario), []);
    const { status } = last;
    await scenario.client.patch(
      resources.pods,
      { namespace: 'default', name: 'p2' },
      { subresource: 'status', body: { status } },
    );
    const found = await whenTold(scenario);
    assert.deepEqual(
      found.map((text) => text.slice(0, 5)),
      ['late:'],
    );
  });
});

test('a block that cannot be larger asks for more nodes', async () => {
  const large = { ...node, spec: { podCIDR: '10.244.0.0/24' } };
  const many = Array.from({ length: 255 }, (_, n) => pod(`p${n}`, n < 254 ? `10.244.0.${n + 1}` : undefined));
  await inCluster({ objects: [large, ...many] }, async (scenario) => {
    assert.deepEqual(await whenTold(scenario), [
      'p254: 1 address is missing on n1: its block 10.244.0.0/24 has 254 to give to pods, and 255 are needed; ' +
        'it would fit with 1 pod fewer on the node, or with more nodes, for none has a larger block',
    ]);
  });
});
