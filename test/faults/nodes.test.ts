/** Nodes that are renumbered, deleted and come back, while packets say what is left of them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import type { Node } from '../../src/api/types/core.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { eventually, pause, pinsOf } from './weft.ts';

describe('a node', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let client = '';
  let server = '';
  const node = { name: 'node-2' };
  const nodeAsIs = async (): Promise<Node> => {
    const found = await lab.connection.client.get(resources.nodes, node);
    assert.ok(found);
    return found;
  };
  const isAnswered = async (): Promise<boolean> =>
    (await lab.probe(client, `${server}:8080`)).outcome === 'answered';

  before(async () => {
    lab = await startLab('nodes');
    await lab.apply([podOn('node-1', 'default/client'), podOn('node-2', 'default/server')]);
    client = await lab.netnsOf('default/client');
    server = (await lab.pod('default/server')).status?.podIP ?? '';
    assert.ok(await isAnswered());
  });
  after(() => lab.down());

  test('that is given another address has it, and its pods are reached over it', async () => {
    const addresses = [{ type: 'InternalIP', address: '172.20.7.7' }];
    const body = { status: { addresses } };
    await lab.connection.client.patch(resources.nodes, node, { subresource: 'status', body });
    await eventually(async () => {
      assert.equal((await lab.pod('default/server')).status?.hostIP, '172.20.7.7');
      assert.ok(await isAnswered());
    });
    const { status } = await lab.pod('default/server');
    assert.equal(status?.podIP, server, 'its pods keep theirs');
    assert.equal((await lab.probe('node-node-1', `${server}:8080`)).outcome, 'answered', 'and from a node');
  });

  test('that is deleted is left, with its pods, and is as before when it comes back', async () => {
    const { metadata, spec, status } = await nodeAsIs();
    const pod = await lab.netnsOf('default/server');
    await lab.connection.client.delete(resources.nodes, node);
    await eventually(async () => assert.ok(!pinsOf(lab.name).includes(pod)));
    await pause(100);
    assert.ok(!(await isAnswered()), 'nobody is there any more');
    const { labels = {} } = metadata;
    const again = { apiVersion: 'v1', kind: 'Node', metadata: { ...node, labels } } as const;
    await lab.connection.client.create(resources.nodes, { ...again, ...(spec && { spec }) });
    const body = { status: { addresses: status?.addresses ?? [] } };
    await lab.connection.client.patch(resources.nodes, node, { subresource: 'status', body });
    await eventually(async () => assert.ok(await isAnswered()));
  });
});
