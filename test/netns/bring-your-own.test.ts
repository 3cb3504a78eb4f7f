/**
 * Nodes whose pods somebody else's CNI plugins wire, here Debian's containernetworking-plugins.
 *
 *     node-1 172.20.1.1, pods 10.244.0.0/24 on cni0      node-2 172.20.1.2, pods 10.244.1.0/24
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import type { ConfigMap } from '../../src/api/types/core.ts';
import { openLabs } from '../../src/cmd/weft/labs.ts';
import { createRouteNetlink } from '../../src/kernel/route/real.ts';
import { nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { defaultNetworkConfig } from '../../src/model/network/config.ts';
import { cannotSendPackets, podOn, startBareLab, type TestLab } from '../support/lab.ts';
import { eventually } from './flow.ts';

const skip =
  cannotSendPackets ||
  (existsSync('/usr/lib/cni/bridge') ? false : 'containernetworking-plugins is not installed');

const conflist = {
  cniVersion: '0.4.0',
  name: 'mine',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      hairpinMode: true,
      ipam: {
        type: 'host-local',
        ranges: [[{ subnet: '{{.PodCIDR}}' }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
};

const configuration: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'cni-net.d', namespace: 'kube-system' },
  data: { '10-mine.conflist': JSON.stringify(conflist), '20-later.conf': 'not looked at' },
};

describe('nodes without a network of their own', { skip }, () => {
  let lab: TestLab;
  before(async () => {
    const config = { ...defaultNetworkConfig, model: 'none' } as const;
    lab = await startBareLab('byo', { nodes: 2, config });
  });
  after(async () => lab?.down());

  const ready = async (node: string): Promise<{ status?: string; message?: string } | undefined> => {
    const found = await lab.connection.client.get(resources.nodes, { name: node });
    return found?.status?.conditions?.find(({ type }) => type === 'Ready');
  };

  test('are not ready, and say that no CNI plugin is initialized', async () => {
    await eventually('the node says so', async () => {
      const condition = await ready('node-1');
      const says = condition?.message?.endsWith('cni plugin not initialized') ?? false;
      return condition?.status === 'False' && says;
    });
  });

  test('are ready when there is a configuration, and its plugins wire pods', async () => {
    await lab.connection.client.create(resources.configmaps, configuration);
    await eventually('the nodes are ready', async () => (await ready('node-2'))?.status === 'True');
    const mapped = podOn('node-1', 'default/a');
    const [container] = mapped.spec.containers;
    Object.assign(container?.ports?.[0] ?? {}, { hostPort: 18080 });
    await lab.apply([mapped, podOn('node-1', 'default/b'), podOn('node-2', 'default/c')]);
    const { podIP: a } = (await lab.pod('default/a')).status ?? {};
    const { podIP: b } = (await lab.pod('default/b')).status ?? {};
    assert.match(a ?? '', /^10\.244\.0\.\d+$/);
    const { answer } = await lab.probe(await lab.netnsOf('default/b'), `${a}:8080`);
    assert.equal(answer?.source, b);
    const fromNode = await lab.probe(nodeNetns('node-1'), `${a}:8080`);
    assert.equal(fromNode.answer?.source, '10.244.0.1', 'the bridge has the first address');
  });

  test('lead a port of the node to a pod, as portmap is told', async () => {
    const { answer, outcome } = await lab.probe(nodeNetns('node-2'), '172.20.1.1:18080');
    assert.equal(answer?.pod, 'default/a', outcome);
  });

  test('reach the pods of other nodes where somebody sees to routes', async () => {
    const { podIP: c } = (await lab.pod('default/c')).status ?? {};
    const from = await lab.netnsOf('default/a');
    assert.notEqual((await lab.probe(from, `${c}:8080`)).outcome, 'answered');
    const route = createRouteNetlink({ namespaces: lab.namespaces });
    for (const [node, destination, via] of [
      ['node-1', '10.244.1.0/24', '172.20.1.2'],
      ['node-2', '10.244.0.0/24', '172.20.1.1'],
    ] as const) {
      route.apply(nodeNetns(node), [{ action: 'add-route', route: { destination, via, link: 'eth0' } }]);
    }
    const { answer, outcome } = await lab.probe(from, `${c}:8080`);
    assert.equal(answer?.source, (await lab.pod('default/a')).status?.podIP, outcome);
  });

  test('give the address of a pod that goes back to their plugin', async () => {
    const { podIP = '' } = (await lab.pod('default/c')).status ?? {};
    const { cni } = openLabs().control.paths(lab.name);
    const lease = join(cni, 'node-2', 'lib', 'cni', 'networks', 'mine', podIP);
    assert.ok(existsSync(lease), 'what plugins write below /var/lib is in the lab’s own directory');
    const name = { namespace: 'default', name: 'c' };
    await lab.connection.client.delete(resources.pods, name, { graceSeconds: 0 });
    await eventually('the address is free', () => !existsSync(lease));
  });
});
