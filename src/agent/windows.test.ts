import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resources } from '../api/resources.ts';
import { createFakeCluster } from '../../test/support/agents/cluster.ts';
import { podOf } from '../../test/support/agents/objects.ts';

test('a pod that names a node which runs Windows waits, and its status says why', async () => {
  const cluster = createFakeCluster([podOf('here', 'n1'), podOf('there', 'n2')]);
  const labels = { 'kubernetes.io/os': 'windows' };
  await cluster.client.patch(resources.nodes, { name: 'n2' }, { body: { metadata: { labels } } });
  const agents = await cluster.startAgents();
  const there = await cluster.pod('default/there');
  assert.deepEqual([there?.status?.phase, there?.status?.podIP], ['Pending', undefined]);
  assert.match(
    there?.status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '',
    /n2 runs Windows/,
  );
  assert.notEqual((await cluster.pod('default/here'))?.status?.podIP, undefined);
  await agents.stop();
});
