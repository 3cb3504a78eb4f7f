import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resources } from '../api/resources.ts';
import type { FlowReport } from '../model/flows/observed-flow.ts';
import { flowSetType, flowTables } from '../plan/flows/skeleton.ts';
import { createFakeCluster, type FakeCluster } from '../../test/support/agents/cluster.ts';
import { netnsOfNode } from '../../test/support/agents/fake-machine.ts';
import { podOf } from '../../test/support/agents/objects.ts';

/** Pods a (10.244.0.1) and b (10.244.0.2) of n1 and c (10.244.1.1) of n2. */
const clusterOf = (): FakeCluster =>
  createFakeCluster([podOf('a', 'n1'), podOf('b', 'n1'), podOf('c', 'n2')]);

type Key = readonly [source: string, destination: string, protocol: string, port: number];

/** A packet of a new connection passes a node. */
function pass({ machine }: FakeCluster, node: string, set: 'sent' | 'received', key: Key): void {
  const name = { ...flowTables.IPv4, set };
  machine.nft.change(netnsOfNode(node), [
    { ...name, action: 'add', type: flowSetType('IPv4'), element: { key } },
  ]);
}

const linesOf = ({ flows }: FlowReport): string[] =>
  flows.map(({ source, destination, protocol, port, sent, received }) =>
    [source, destination, protocol, port, sent ? 'sent' : '', received ? 'received' : ''].join(' ').trim(),
  );

const hasTable = ({ machine }: FakeCluster): boolean =>
  machine.nft.tables(netnsOfNode('n1'), 'ip').includes(flowTables.IPv4.table);

test('nothing is in the kernel until flows are recorded, and nothing is left when they are no more', async () => {
  const cluster = clusterOf();
  const { flows } = await cluster.startAgents();
  assert.equal(hasTable(cluster), false);
  assert.equal(flows.report().since, null);
  flows.record(true);
  assert.equal(hasTable(cluster), true);
  assert.notEqual(flows.report().since, null);
  flows.record(false);
  assert.equal(hasTable(cluster), false);
});

test('what both ends see is one flow, by workloads; others are nodes by name and addresses', async () => {
  const cluster = clusterOf();
  const { flows } = await cluster.startAgents();
  flows.record(true);
  pass(cluster, 'n1', 'sent', ['10.244.0.1', '10.244.1.1', 'tcp', 80]);
  pass(cluster, 'n2', 'received', ['10.244.0.1', '10.244.1.1', 'tcp', 80]);
  pass(cluster, 'n2', 'received', ['10.244.0.0', '10.244.1.1', 'tcp', 80]);
  pass(cluster, 'n1', 'sent', ['10.244.0.2', '198.51.100.7', 'udp', 53]);
  assert.deepEqual(linesOf(flows.report()), [
    'default/a[Pod] default/c[Pod] TCP 80 sent received',
    'default/b[Pod] 198.51.100.7 UDP 53 sent',
    'node:n1 default/c[Pod] TCP 80  received',
  ]);
});

test('the sets are emptied every second, so that an address is whose it was when it was seen', async () => {
  const cluster = clusterOf();
  const { flows } = await cluster.startAgents();
  flows.record(true);
  pass(cluster, 'n1', 'sent', ['10.244.0.1', '198.51.100.7', 'tcp', 443]);
  await cluster.clock.advance(1000);
  const name = { ...flowTables.IPv4, set: 'sent' };
  assert.deepEqual(cluster.machine.nft.elements(netnsOfNode('n1'), name, flowSetType('IPv4')), []);
  await cluster.client.delete(resources.pods, { namespace: 'default', name: 'a' });
  await cluster.settled();
  assert.deepEqual(linesOf(flows.report()), ['default/a[Pod] 198.51.100.7 TCP 443 sent']);
});

test('there is room for so many flows, and it is said when there was none', async () => {
  const cluster = clusterOf();
  const { flows } = await cluster.startAgents();
  flows.record(true);
  const [name, type] = [{ ...flowTables.IPv4, set: 'sent' }, flowSetType('IPv4')];
  const changes = Array.from({ length: 10_001 }, (_, i) => {
    const key = ['10.244.0.1', `198.51.${i >> 8}.${i & 255}`, 'tcp', 443];
    return { ...name, action: 'add', type, element: { key } } as const;
  });
  cluster.machine.nft.change(netnsOfNode('n1'), changes);
  const { flows: found, lost } = flows.report();
  assert.equal(found.length, 10_000);
  assert.equal(lost, 1);
});

test('agents that start again go on recording, and say since when', async () => {
  const cluster = clusterOf();
  const before = await cluster.startAgents();
  before.flows.record(true);
  await before.stop();
  await cluster.clock.advance(5000);
  pass(cluster, 'n1', 'sent', ['10.244.0.1', '10.244.1.1', 'tcp', 80]);
  const { flows } = await cluster.startAgents();
  const report = flows.report();
  assert.deepEqual(linesOf(report), ['default/a[Pod] default/c[Pod] TCP 80 sent']);
  assert.equal(report.since, new Date(cluster.clock.now()).toISOString());
});

test('a table that somebody deletes is laid out again, and what may be lost is counted', async () => {
  const cluster = clusterOf();
  const { flows } = await cluster.startAgents();
  flows.record(true);
  cluster.machine.nft.run(netnsOfNode('n1'), `delete table ip ${flowTables.IPv4.table}`);
  assert.ok(flows.report().lost > 0);
  assert.equal(hasTable(cluster), true);
});
