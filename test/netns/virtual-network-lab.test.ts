/**
 * A lab whose nodes are machines of a virtual network.
 *
 *     default 172.20.0.0/16    nodes 172.20.0.0/17: node-1 172.20.1.1, node-2 172.20.1.2, control 172.20.0.10
 *                              machines 172.20.128.0/24: vm:web
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fabricResources } from '../../src/api/resources.ts';
import type { VirtualMachine } from '../../src/api/types/fabric.ts';
import { machineNetns, nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { sameJson } from '../../src/lib/same-json.ts';
import { defaultNetworkConfig } from '../../src/model/network/config.ts';
import { cannotSendPackets, startLab, type TestLab } from '../support/lab.ts';
import { machine } from '../support/networks.ts';
import { eventually } from './flow.ts';

describe('a lab in a virtual network', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  before(async () => {
    lab = await startLab('vnet', { nodes: 2, config: { ...defaultNetworkConfig, model: 'kubenet' } });
  });
  after(async () => lab?.down());

  const seen = async (netns: string, target: string): Promise<string> => {
    const result = await lab.probe(netns, target);
    return result.answer?.source ?? result.outcome;
  };

  test('nodes reach each other, the API server and the internet', async () => {
    assert.equal(await seen(nodeNetns('node-1'), '172.20.1.2:9'), 'refused');
    assert.match(await seen(nodeNetns('node-1'), '203.0.113.10:80'), /^203\.0\.113\./);
    const { outcome } = await lab.probe(nodeNetns('node-2'), '172.20.0.10:6443');
    assert.equal(outcome, 'answered');
    assert.equal(await seen(machineNetns.internet, '172.20.1.1:9'), 'silent');
  });

  test('a machine that is added is given an address, answers, and is gone again', async () => {
    const { client } = lab.connection;
    await client.create(
      fabricResources.virtualmachines,
      machine('web', 'default/machines') as VirtualMachine,
    );
    await eventually('the machine answers', async () => {
      const found = await client.get(fabricResources.virtualmachines, { name: 'web' });
      const isTold = sameJson(found?.status?.interfaces, [{ name: 'eth0', addresses: ['172.20.128.4'] }]);
      return isTold && (await seen(nodeNetns('node-1'), '172.20.128.4:80')) === '172.20.1.1';
    });
    await client.delete(fabricResources.virtualmachines, { name: 'web' });
    await eventually('the machine is gone', () => !lab.namespaces.list().includes('vm-web'));
  });
});
