/**
 * The rules every Kubernetes network keeps, over IPv6: in a dual-stack cluster and in one of IPv6 only.
 *
 *     node-1 fd00:172:20::101, pods fd00:10:244::/64      a, b
 *     node-2 fd00:172:20::102, pods fd00:10:244:1::/64    c
 *     internet 2001:db8:113::10, behind a router
 *
 * With two families everything has its IPv4 address too, and that is the primary one.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import type { Service, ServiceSpec } from '../../src/api/types/core.ts';
import { prove } from '../../src/cli/live/prove.ts';
import { readCluster } from '../../src/lab/cluster-of.ts';
import { inFamily, type Family } from '../../src/lib/address.ts';
import { machineNetns, nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { networkConfigOf } from '../../src/model/network/config.ts';
import { labAddressesOf } from '../../src/model/network/lab-addresses.ts';
import { podAddresses } from '../../src/model/network/pod-addresses.ts';
import { killAgents, mismatchedElements } from '../differential/live/lab-state.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { query } from './dns-client.ts';
import { openFlow, silenceMs } from './flow.ts';
import { enforce, policy } from './objects.ts';

const node1 = { netns: nodeNetns('node-1'), address: 'fd00:172:20::101', tunnel: 'fd00:10:244::' };
const node2 = { netns: nodeNetns('node-2'), address: 'fd00:172:20::102', tunnel: 'fd00:10:244:1::' };
const { internet } = labAddressesOf.IPv6;

interface Variant {
  readonly families: readonly Family[];
  /** The address of cluster DNS. */
  readonly dns: string;
  /** A Service of all families that the cluster has. */
  readonly allFamilies: Partial<ServiceSpec>;
}

const variants: Readonly<Record<string, Variant>> = {
  'a dual-stack cluster': {
    families: ['IPv4', 'IPv6'],
    dns: '10.96.0.10',
    allFamilies: { ipFamilyPolicy: 'RequireDualStack' },
  },
  'a cluster of IPv6 only': { families: ['IPv6'], dns: 'fd00:10:96::a', allFamilies: {} },
};

function service(name: string, spec: Partial<ServiceSpec>): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { ports: [{ port: 80, targetPort: 8080 }], ...spec },
  };
}

for (const [name, { families, dns, allFamilies }] of Object.entries(variants)) {
  describe(name, { skip: cannotSendPackets }, () => {
    let lab: TestLab;
    const address: Record<string, string> = {};
    const netns: Record<string, string> = {};
    const clusterIP: Record<string, string> = {};

    before(async () => {
      lab = await startLab(`six${families.length}`, { config: networkConfigOf(undefined, families) });
      await lab.apply([
        podOn('node-1', 'default/a', { udp: [5353] }),
        podOn('node-1', 'default/b'),
        podOn('node-2', 'default/c', { udp: [5353] }),
        service('c', {
          type: 'NodePort',
          selector: { name: 'c' },
          ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }],
          ...allFamilies,
        }),
        service('self', { selector: { name: 'a' }, ...allFamilies }),
        service('empty', { selector: { name: 'nobody' }, ...allFamilies }),
        service('six', { selector: { name: 'c' }, ipFamilies: ['IPv6'] }),
        service('members', { selector: { name: 'c' }, clusterIP: 'None', ...allFamilies }),
      ]);
      for (const pod of ['a', 'b', 'c']) {
        address[pod] = inFamily(podAddresses(await lab.pod(`default/${pod}`)), 'IPv6') ?? '';
        netns[pod] = await lab.netnsOf(`default/${pod}`);
      }
      for (const { metadata, spec } of (await lab.connection.client.list(resources.services)).items) {
        clusterIP[metadata.name] = inFamily(spec.clusterIPs ?? [], 'IPv6') ?? '';
      }
    });
    after(async () => lab?.down());

    const from = (pod: string): string => netns[pod] ?? '';
    const seen = async (
      source: string,
      target: string,
      protocol: 'TCP' | 'UDP' = 'TCP',
    ): Promise<unknown> => {
      const result = await lab.probe(source, target, { protocol });
      assert.equal(result.outcome, 'answered', JSON.stringify(result));
      return result.answer?.source;
    };

    test('the first packet anywhere is answered: nothing waits for addresses or neighbours', async () => {
      const probes = [
        [machineNetns.internet, `${node2.address}:30080`],
        [from('a'), `${internet}:80`],
        [from('b'), `${address['c']}:8080`],
        [node2.netns, `${address['b']}:8080`],
      ] as const;
      for (const [source, target] of probes) {
        const { outcome, milliseconds } = await lab.probe(source, target);
        // Resent segments come after a second at the earliest, which the probe does not wait for.
        assert.equal(outcome, 'answered', `${source} to ${target} after ${milliseconds} ms`);
      }
    });

    test('pods see each other by their own addresses, on one node and on two, over TCP and UDP', async () => {
      assert.equal(await seen(from('a'), `${address['b']}:8080`), address['a']);
      assert.equal(await seen(from('a'), `${address['c']}:8080`), address['a']);
      assert.equal(await seen(from('a'), `${address['c']}:5353`, 'UDP'), address['a']);
      assert.equal(await seen(from('a'), '::1:8080'), '::1');
    });

    test('a node reaches its own pods and those of other nodes without translation', async () => {
      assert.equal(await seen(node1.netns, `${address['a']}:8080`), node1.address);
      assert.equal(await seen(node1.netns, `${address['c']}:8080`), node1.tunnel);
    });

    test('Services keep a pod, and masquerade one that is its own backend', async () => {
      assert.equal(await seen(from('a'), `${clusterIP['c']}:80`), address['a']);
      assert.equal(await seen(from('a'), `${clusterIP['six']}:80`), address['a']);
      assert.equal(await seen(from('a'), `${clusterIP['self']}:80`), node1.address);
    });

    test('the outside and other pods come by the node port of any node, masqueraded by that node', async () => {
      assert.equal(await seen(machineNetns.internet, `${node2.address}:30080`), node2.address);
      assert.equal(await seen(machineNetns.internet, `${node1.address}:30080`), node1.tunnel);
      assert.equal(await seen(from('a'), `${node2.address}:30080`), node2.address);
    });

    test('nobody outside reaches a pod or a cluster address, and a pod is seen there as its node', async () => {
      assert.equal((await lab.probe(machineNetns.internet, `${address['a']}:8080`)).outcome, 'unroutable');
      assert.equal((await lab.probe(machineNetns.internet, `${clusterIP['c']}:80`)).outcome, 'unroutable');
      assert.equal(await seen(from('a'), `${internet}:80`), node1.address);
      assert.equal(await seen(from('c'), '2001:db8:198::7:80'), node2.address);
    });

    test('what nobody serves is rejected, what nobody has is dropped, and a closed port refused', async () => {
      for (const target of [`${clusterIP['empty']}:80`, `${clusterIP['c']}:81`]) {
        assert.equal((await lab.probe(from('a'), target)).outcome, 'rejected', target);
      }
      assert.equal((await lab.probe(from('a'), 'fd00:10:96::f111:80')).outcome, 'silent');
      assert.equal((await lab.probe(from('a'), `${address['c']}:9999`)).outcome, 'refused');
      assert.equal(
        (await lab.probe(from('a'), `${address['c']}:9999`, { protocol: 'UDP' })).outcome,
        'refused',
      );
    });

    test('what a pod sends with an address that is not its own is dropped', async () => {
      for (const sourceAddress of [address['b'] ?? '', 'fd00:10:244:9::9', node1.address]) {
        const { outcome } = await lab.probe(from('a'), `${address['c']}:8080`, { sourceAddress });
        assert.equal(outcome, 'silent', sourceAddress);
      }
    });

    test('cluster DNS tells the addresses of every family', async () => {
      const ask = async (host: string, type: 'A' | 'AAAA'): Promise<readonly unknown[]> => {
        const asker = { sockets: lab.sockets, netns: from('a'), server: dns };
        const { answers } = await query(asker, `${host}.default.svc.cluster.local`, { type });
        return answers.map((answer) => ('data' in answer ? answer.data : undefined));
      };
      assert.deepEqual(await ask('c', 'AAAA'), [clusterIP['c']]);
      assert.deepEqual(await ask('six', 'AAAA'), [clusterIP['six']]);
      assert.deepEqual(await ask('members', 'AAAA'), [address['c']]);
      assert.deepEqual(await ask('six', 'A'), []);
      assert.equal((await ask('c', 'A')).length, families.includes('IPv4') ? 1 : 0);
    });

    test('the API server answers pods in the primary family', async () => {
      const target = families[0] === 'IPv4' ? '10.96.0.1:443' : 'fd00:10:96::1:443';
      assert.equal((await lab.probe(from('a'), target)).outcome, 'answered');
    });

    test('policies hold, tell who denies, and cut what they deny', async () => {
      const open = openFlow(lab.sockets, from('a'), {
        protocol: 'tcp',
        address: address['c'] ?? '',
        port: 8080,
      });
      open.ask();
      assert.equal((await open.answer())?.source, address['a']);
      await enforce(
        lab,
        policy('default/only-b', {
          podSelector: { matchLabels: { name: 'c' } },
          ingress: [
            { from: [{ ipBlock: { cidr: `${address['b']}/128` } }, { ipBlock: { cidr: '10.0.0.0/8' } }] },
          ],
        }),
      );
      const denied = await lab.probe(from('a'), `${address['c']}:8080`);
      assert.equal(denied.outcome, 'denied', JSON.stringify(denied));
      assert.deepEqual(denied.denial?.policies, ['default/only-b']);
      assert.equal(denied.denial?.destination, address['c']);
      assert.equal(await seen(from('b'), `${address['c']}:8080`), address['b']);
      open.ask();
      assert.equal(await open.answer(silenceMs), undefined, 'the connection goes on');
      open.close();
    });

    test('every cell of every family is as predicted, and nothing differs from what is programmed', async () => {
      const cluster = await readCluster(lab.connection.client);
      const proof = await prove(lab.connection, cluster, { withSystem: false });
      const { wrong, unknown, right } = proof.summary;
      assert.deepEqual({ wrong, unknown }, { wrong: 0, unknown: 0 });
      assert.ok(right > 40 * families.length, `only ${right} cells`);
      const spoken = new Set(proof.cells.map(({ cell }) => cell.family));
      assert.deepEqual(spoken, new Set(families.length > 1 ? families : [undefined]));
      assert.equal(await mismatchedElements(lab), 0);
    });

    test('agents that start anew adopt what there is, of both families', async () => {
      await killAgents(lab);
      assert.equal(await mismatchedElements(lab), 0);
      assert.equal(await seen(from('b'), `${address['c']}:8080`), address['b']);
      assert.equal((await lab.probe(from('a'), `${address['c']}:8080`)).outcome, 'denied');
    });
  });
}
