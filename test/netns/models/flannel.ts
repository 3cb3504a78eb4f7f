import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resources } from '../../../src/api/resources.ts';
import type { NamespaceState } from '../../../src/kernel/route/port.ts';
import { nodeNetns } from '../../../src/model/fabric/default-fabric.ts';
import { stateOf, type ModelLab } from './world.ts';

/** What is Flannel's own: its links, and what they become with a Windows node. */
export function flannelTests(world: () => ModelLab): void {
  const look = (netns: string): NamespaceState => stateOf(world(), netns);
  const tunnelOf = (node: string): readonly unknown[] =>
    [...look(nodeNetns(node)).links.values()].flatMap((link) =>
      link.kind === 'vxlan' ? [[link.name, link.vni, link.port, link.mtu]] : [],
    );

  test('nodes have flannel.1 with VNI 1 and port 8472, and pods hang on cni0', () => {
    assert.deepEqual(tunnelOf('node-1'), [['flannel.1', 1, 8472, 1450]]);
    const { links, addresses } = look(nodeNetns('node-1'));
    assert.ok(addresses.some(({ link, address }) => link === 'cni0' && address === '10.244.0.1/24'));
    const ports = [...links.values()].filter(({ master }) => master === 'cni0');
    assert.equal(ports.filter(({ mtu }) => mtu === 1450).length, ports.length);
    assert.ok(ports.length >= 2);
    const pod = look(world().netnsOf('a'));
    assert.deepEqual(pod.addresses, [{ link: 'eth0', address: `${world().addresses.get('a')}/24` }]);
  });

  test('with a Windows node all nodes use VNI 4096 and port 4789, and back without', async () => {
    const { lab, addresses, netnsOf } = world();
    for (const [os, device] of [
      ['windows', ['flannel.4096', 4096, 4789, 1450]],
      ['linux', ['flannel.1', 1, 8472, 1450]],
    ] as const) {
      const body = { metadata: { labels: { 'kubernetes.io/os': os } } };
      const { metadata } = await lab.connection.client.patch(resources.nodes, { name: 'node-2' }, { body });
      await lab.connection.programmed({ nodes: metadata.resourceVersion ?? '0' });
      assert.deepEqual([tunnelOf('node-1'), tunnelOf('node-2')], [[device], [device]]);
      const { answer } = await lab.probe(netnsOf('a'), `${addresses.get('c')}:8080`);
      assert.equal(answer?.source, addresses.get('a'));
    }
  });
}
