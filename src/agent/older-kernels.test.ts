import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeCluster } from '../../test/support/agents/cluster.ts';
import { netnsOfNode } from '../../test/support/agents/fake-machine.ts';

const liberal = 'net.netfilter.nf_conntrack_tcp_be_liberal';

for (const [release, expected] of [
  ['5.10.0-28-amd64', '1'],
  ['6.0.19', '1'],
  ['6.1.0-13-amd64', '0'],
  ['6.18.5', '0'],
] as const) {
  test(`on Linux ${release} connection tracking of all nodes is ${expected === '1' ? 'made liberal' : 'left as it is'}`, async () => {
    const cluster = createFakeCluster();
    const { machine } = cluster;
    const agents = await cluster.startAgents({ kernel: { ...machine, release } });
    const found = ['n1', 'n2'].map((node) => machine.sysctl.read(netnsOfNode(node), liberal));
    assert.deepEqual(found, [expected, expected]);
    await agents.stop();
  });
}
