/**
 * The rules every Kubernetes network keeps, with packets, in the model `calico`.
 *
 *     node-1 172.20.1.1, pods 10.244.0.0/24    a, b
 *     node-2 172.20.1.2, pods 10.244.1.0/24    c
 *     node-3 172.20.1.3, pods 10.244.2.0/24
 *     internet 203.0.113.10, behind a router
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Service } from '../../src/api/types/core.ts';
import { createConntrack } from '../../src/kernel/conntrack/conntrack.ts';
import { machineNetns, nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { labAddresses } from '../../src/model/network/lab-addresses.ts';
import { createServingClient } from '../../src/workload/serving-client.ts';
import { openLabs } from '../../src/cmd/weft/labs.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';

const node1 = { netns: nodeNetns('node-1'), address: '172.20.1.1', tunnel: '10.244.0.0' };
const node2 = { netns: nodeNetns('node-2'), address: '172.20.1.2', tunnel: '10.244.1.0' };

function service(name: string, spec: Partial<Service['spec']>): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { ports: [{ port: 80, targetPort: 8080 }], ...spec },
  };
}

describe('a cluster network', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  const address: Record<string, string> = {};
  const netns: Record<string, string> = {};
  let clusterIP = '';

  before(async () => {
    lab = await startLab('base');
    await lab.apply([
      podOn('node-1', 'default/a', { udp: [5353] }),
      podOn('node-1', 'default/b'),
      podOn('node-2', 'default/c', { udp: [5353] }),
      service('c', {
        type: 'NodePort',
        selector: { name: 'c' },
        ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }],
      }),
      service('tunnel', {
        selector: { name: 'c' },
        clusterIP: '10.96.0.79',
        ports: [{ port: 4789, targetPort: 5353, protocol: 'UDP' }],
      }),
      service('self', { selector: { name: 'a' }, clusterIP: '10.96.0.77' }),
      service('empty', { selector: { name: 'nobody' }, clusterIP: '10.96.0.78' }),
    ]);
    for (const name of ['a', 'b', 'c']) {
      address[name] = (await lab.pod(`default/${name}`)).status?.podIP ?? '';
      netns[name] = await lab.netnsOf(`default/${name}`);
    }
    const { items } = await lab.connection.client.list(
      (await import('../../src/api/resources.ts')).resources.services,
    );
    clusterIP = items.find(({ metadata }) => metadata.name === 'c')?.spec.clusterIP ?? '';
  });
  after(async () => lab?.down());

  const seen = async (
    from: string,
    target: string,
    protocol: 'TCP' | 'UDP' = 'TCP',
  ): Promise<string | undefined> => {
    const result = await lab.probe(from, target, { protocol });
    assert.equal(result.outcome, 'answered', JSON.stringify(result));
    return result.answer?.source;
  };

  test('containers of a pod reach each other over loopback', async () => {
    assert.equal(await seen(netns['a'] ?? '', '127.0.0.1:8080'), '127.0.0.1');
  });

  test('pods on one node see each other by their own addresses', async () => {
    assert.equal(await seen(netns['a'] ?? '', `${address['b']}:8080`), address['a']);
  });

  test('pods on different nodes see each other by their own addresses, over TCP and UDP', async () => {
    assert.equal(await seen(netns['a'] ?? '', `${address['c']}:8080`), address['a']);
    assert.equal(await seen(netns['a'] ?? '', `${address['c']}:5353`, 'UDP'), address['a']);
  });

  test('what nodes tunnel for pods is tracked by what it carries only, unless a Service has the port', async () => {
    assert.equal(await seen(netns['a'] ?? '', `${address['c']}:5353`, 'UDP'), address['a']);
    assert.equal(await seen(node1.netns, '10.96.0.79:4789', 'UDP'), node1.tunnel);
    const conntrack = createConntrack({ namespaces: lab.namespaces });
    try {
      for (const { netns: node } of [node1, node2]) {
        const tracked = conntrack.list(node, 'ip').filter(({ protocol }) => protocol === 'udp');
        const destinations = new Set(
          tracked.map(({ original }) => `${original.destination}:${original.destinationPort}`),
        );
        assert.ok(destinations.has(`${address['c']}:5353`), [...destinations].join());
        for (const { address: other } of [node1, node2]) assert.ok(!destinations.has(`${other}:4789`), node);
      }
    } finally {
      conntrack.close();
    }
  });

  test('a node reaches its own pods and those of other nodes without translation', async () => {
    assert.equal(await seen(node1.netns, `${address['a']}:8080`), node1.address);
    assert.equal(await seen(node1.netns, `${address['c']}:8080`), node1.tunnel);
  });

  test('a pod reaches a Service, and is seen by its own address', async () => {
    assert.equal(await seen(netns['a'] ?? '', `${clusterIP}:80`), address['a']);
  });

  test('a pod reaches itself through its own Service, masqueraded', async () => {
    assert.equal(await seen(netns['a'] ?? '', '10.96.0.77:80'), node1.address);
  });

  test('the outside reaches a Service by the node port of any node, masqueraded by that node', async () => {
    assert.equal(await seen(machineNetns.internet, `${node2.address}:30080`), node2.address);
    assert.equal(await seen(machineNetns.internet, `${node1.address}:30080`), node1.tunnel);
  });

  test('a pod reaches another node by node port', async () => {
    assert.equal(await seen(netns['a'] ?? '', `${node2.address}:30080`), node2.address);
  });

  test('nobody outside reaches a pod or a cluster address directly', async () => {
    assert.equal((await lab.probe(machineNetns.internet, `${address['a']}:8080`)).outcome, 'unroutable');
    assert.equal((await lab.probe(machineNetns.internet, `${clusterIP}:80`)).outcome, 'unroutable');
  });

  test('the outside sees a pod by the address of its node', async () => {
    const holder = createServingClient(openLabs().control.paths(lab.name).socket('holder'));
    await holder.serve({
      uid: 'outside',
      pod: 'outside',
      node: 'outside',
      netns: machineNetns.internet,
      listeners: [{ protocol: 'TCP', port: 7777 }],
    });
    assert.equal(await seen(netns['a'] ?? '', `${labAddresses.internet}:7777`), node1.address);
    assert.equal(await seen(netns['c'] ?? '', '198.51.100.7:7777'), node2.address);
  });

  test('a Service without endpoints and an unknown port of a known Service are rejected, not dropped', async () => {
    for (const target of ['10.96.0.78:80', `${clusterIP}:81`]) {
      const result = await lab.probe(netns['a'] ?? '', target);
      assert.equal(result.outcome, 'rejected', `${target} ${JSON.stringify(result)}`);
    }
  });

  test('an address that no Service has is dropped', async () => {
    assert.equal((await lab.probe(netns['a'] ?? '', '10.111.1.1:80')).outcome, 'silent');
  });

  test('a port that nobody listens on is refused by the pod itself', async () => {
    assert.equal((await lab.probe(netns['a'] ?? '', `${address['c']}:9999`)).outcome, 'refused');
    assert.equal(
      (await lab.probe(netns['a'] ?? '', `${address['c']}:9999`, { protocol: 'UDP' })).outcome,
      'refused',
    );
  });

  test('what a pod sends with an address that is not its own is dropped', async () => {
    const target = `${address['c']}:8080`;
    for (const sourceAddress of [address['b'] ?? '', '10.244.9.9', node1.address]) {
      assert.equal(
        (await lab.probe(netns['a'] ?? '', target, { sourceAddress })).outcome,
        'silent',
        sourceAddress,
      );
    }
  });

  test('the API server answers pods at kubernetes.default', async () => {
    assert.equal((await lab.probe(netns['a'] ?? '', '10.96.0.1:443')).outcome, 'answered');
  });
});
