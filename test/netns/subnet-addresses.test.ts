/**
 * Models in which pods have addresses of a virtual network's subnets.
 *
 *     default 172.20.0.0/16    nodes 172.20.0.0/17: node-1 172.20.1.1, node-2 172.20.1.2
 *                              machines 172.20.128.0/24: vm:db 172.20.128.9
 *                              pods: 172.20.160.0/28 with azure-cni-dynamic: 11 addresses
 *     peer 10.9.0.0/16         machines 10.9.0.0/24: vm:far 10.9.0.9
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { predict } from '../../src/analysis/predict/predict.ts';
import { addressResources, fabricResources, resources } from '../../src/api/resources.ts';
import type { PrivateDnsZone, VirtualMachine, VirtualNetwork } from '../../src/api/types/fabric.ts';
import { createNftables } from '../../src/kernel/nft/nftables.ts';
import { readCluster } from '../../src/lab/cluster-of.ts';
import { nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { platformAddress } from '../../src/model/fabric/network/platform.ts';
import { defaultNetworkConfig, type NetworkConfig } from '../../src/model/network/config.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { fabricObject, machine, network } from '../support/networks.ts';
import { addressesAt } from './dns-client.ts';
import { eventually } from './flow.ts';
import { namespace, serviceOf } from './objects.ts';

const [db, far] = ['172.20.128.9', '10.9.0.9'];

/** A lab of the model with two machines beside its nodes, one of them in a network that is peered. */
async function startIn(model: NetworkConfig['model']): Promise<TestLab> {
  const lab = await startLab(model, {
    nodes: 2,
    config: { ...defaultNetworkConfig, model, maxPodsPerNode: 30 },
  });
  const { client } = lab.connection;
  await client.create(
    fabricResources.virtualnetworks,
    network('peer', '10.9.0.0/16', { machines: '10.9.0.0/24' }) as VirtualNetwork,
  );
  await client.create(fabricResources.virtualnetworkpeerings, {
    apiVersion: 'weft.dev/v1alpha1',
    kind: 'VirtualNetworkPeering',
    metadata: { name: 'peer' },
    spec: { networks: ['default', 'peer'] },
  });
  await client.create(
    fabricResources.virtualmachines,
    machine('db', 'default/machines', { addresses: [db] }) as VirtualMachine,
  );
  await client.create(
    fabricResources.virtualmachines,
    machine('far', 'peer/machines', { addresses: [far] }) as VirtualMachine,
  );
  await lab.apply([
    namespace('shop'),
    podOn('node-1', 'shop/one'),
    podOn('node-2', 'shop/two', { labels: { app: 'two' } }),
    { ...serviceOf('two'), metadata: { name: 'two', namespace: 'shop' } },
  ]);
  await eventually(
    'the machines answer',
    async () => (await seen(lab, 'shop/one', `${far}:80`)) !== 'silent',
  );
  return lab;
}

/** The source address that the target sees of a pod, or why there is no answer. */
async function seen(lab: TestLab, pod: string, target: string): Promise<string> {
  const { answer, outcome } = await lab.probe(await lab.netnsOf(pod), target);
  return answer?.source ?? outcome;
}

/** A pod asks for names of a zone that its network has, and of one that only the peer has. */
async function askForPrivateNames(lab: TestLab): Promise<void> {
  const zone = (link: string, address: string): PrivateDnsZone =>
    fabricObject('PrivateDnsZone', `${link}.example`, {
      links: [link],
      records: [{ name: 'db', type: 'A', values: [address] }],
    }) as PrivateDnsZone;
  for (const one of [zone('default', db), zone('peer', far)]) {
    await lab.connection.client.create(fabricResources.privatednszones, one);
  }
  const netns = await lab.netnsOf('shop/one');
  // Through cluster DNS, and directly: both times it is a node that the fabric hears.
  for (const server of ['10.96.0.10', platformAddress]) {
    const asker = { sockets: lab.sockets, netns, server };
    const isKnown = async (): Promise<boolean> => (await addressesAt(asker, 'db.default.example')) === db;
    await eventually('the zone is known', isKnown, 15_000);
    assert.equal(await addressesAt(asker, 'db.peer.example'), 'NXDOMAIN');
    assert.equal(await addressesAt(asker, 'www.example.com'), '203.0.113.10');
  }
  const machine = { sockets: lab.sockets, netns: 'vm-far', server: platformAddress };
  assert.equal(await addressesAt(machine, 'db.peer.example'), far);
}

/** Whom those at port 80 of these addresses see of the pod, as it is predicted. */
async function predictions(lab: TestLab, targets: readonly string[]): Promise<(string | undefined)[]> {
  const cluster = await readCluster(lab.connection.client);
  return targets.map((address) => {
    const { verdict, outcomes } = predict(cluster, {
      source: { kind: 'pod', key: 'shop/one' },
      destination: { kind: 'address', address },
      protocol: 'TCP',
      port: 80,
      family: 'IPv4',
    });
    return verdict === 'allowed' ? outcomes[0]?.sourceSeen : verdict;
  });
}

async function addressOf(lab: TestLab, pod: string): Promise<string> {
  return (await lab.pod(pod)).status?.podIP ?? assert.fail(`${pod} has no address`);
}

describe('pods with addresses of the node subnet', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  before(async () => {
    lab = await startIn('azure-cni');
  });
  after(async () => lab?.down());

  test('find names of private zones that their network is linked to, not those of a peer', async () => {
    await askForPrivateNames(lab);
  });

  test('are themselves in their own network, and their node elsewhere', async () => {
    const [one, two] = [await addressOf(lab, 'shop/one'), await addressOf(lab, 'shop/two')];
    assert.match(one, /^172\.20\.127\./);
    assert.equal(await seen(lab, 'shop/one', `${two}:8080`), one);
    assert.equal(await seen(lab, 'shop/one', `${db}:80`), one);
    assert.equal(await seen(lab, 'shop/one', `${far}:80`), '172.20.1.1');
    assert.match(await seen(lab, 'shop/one', '203.0.113.10:80'), /^203\.0\.113\./);
  });

  test('are reached from machines of both networks as they are, and by their Service', async () => {
    const two = await addressOf(lab, 'shop/two');
    for (const [netns, address] of [
      ['vm-db', db],
      ['vm-far', far],
    ] as const) {
      const { answer, outcome } = await lab.probe(netns, `${two}:8080`);
      assert.equal(answer?.source, address, outcome);
    }
    const found = await lab.connection.client.get(resources.services, { namespace: 'shop', name: 'two' });
    assert.equal(
      await seen(lab, 'shop/one', `${found?.spec.clusterIP}:80`),
      await addressOf(lab, 'shop/one'),
    );
  });

  test('are themselves in every prefix of their network, also in those that it is given while nodes run', async () => {
    const { client } = lab.connection;
    const one = await addressOf(lab, 'shop/one');
    const resize = (addressSpace: readonly string[], subnets: readonly object[]): Promise<unknown> =>
      client.patch(
        fabricResources.virtualnetworks,
        { name: 'default' },
        { body: { spec: { addressSpace, subnets } } },
      );
    const given = await client.get(fabricResources.virtualnetworks, { name: 'default' });
    const subnets = given?.spec.subnets ?? [];
    // The first prefix grows, and there is one more, which the network did not have when nodes were set up.
    await resize(
      ['172.20.0.0/15', '10.30.0.0/24'],
      [...subnets, { name: 'high', prefix: '172.21.1.0/24' }, { name: 'annex', prefix: '10.30.0.0/24' }],
    );
    const [high, annex] = ['172.21.1.9', '10.30.0.9'];
    for (const [name, subnet, address] of [
      ['high', 'default/high', high],
      ['annex', 'default/annex', annex],
    ] as const) {
      const vm = machine(name, subnet, { addresses: [address] }) as VirtualMachine;
      await client.create(fabricResources.virtualmachines, vm);
      await eventually(
        `${name} sees the pod`,
        async () => (await seen(lab, 'shop/one', `${address}:80`)) === one,
      );
    }
    const predicted = await predictions(lab, [high, annex, far]);
    assert.deepEqual(predicted, [one, one, '172.20.1.1']);
    assert.equal(await seen(lab, 'shop/one', `${far}:80`), '172.20.1.1');
    for (const name of ['high', 'annex']) await client.delete(fabricResources.virtualmachines, { name });
    await resize(['172.20.0.0/16'], subnets);
    assert.equal(await seen(lab, 'shop/one', `${db}:80`), one);
  });

  test('what is for an address that no pod has yet ends at the node, and does not go back and forth', async () => {
    const nft = createNftables({ namespaces: lab.namespaces });
    const [netns, free] = [nodeNetns('node-1'), await unusedAddress(lab, 'node-1')];
    // What a neighbour sends comes with a TTL of 63, what a pod of the node sends with 62: each has passed one router more.
    nft.run(
      netns,
      `table ip passed {
        set came { type ipv4_addr; flags dynamic; size 16; }
        set again { type ipv4_addr; flags dynamic; size 16; }
        chain c {
          type filter hook prerouting priority -300;
          iifname "eth0" ip daddr ${free} add @came { ip saddr }
          iifname "eth0" ip daddr ${free} ip ttl < 62 add @again { ip saddr }
        }
      }`,
    );
    const senders = (set: string): string[] =>
      nft
        .elements(netns, { family: 'ip', table: 'passed', set }, { key: ['ipv4_addr'] })
        .flatMap(({ key }) => key.map(String))
        .toSorted();
    assert.equal(await seen(lab, 'shop/one', `${free}:80`), 'silent');
    assert.equal((await lab.probe('vm-db', `${free}:80`)).outcome, 'silent');
    assert.deepEqual(senders('came'), [await addressOf(lab, 'shop/one'), db]);
    assert.deepEqual(senders('again'), []);
    nft.run(netns, 'delete table ip passed');
    nft.close();
  });
});

/** An address that the node has for its pods and that none of them has. */
async function unusedAddress({ connection: { client } }: TestLab, node: string): Promise<string> {
  const name = { namespace: 'kube-system', name: node };
  const config = await client.get(addressResources.nodenetworkconfigs, name);
  const { items } = await client.list(resources.pods);
  const used = new Set(items.map(({ status }) => status?.podIP));
  const all = config?.status?.networkContainers?.flatMap(({ ipAssignments }) => ipAssignments) ?? [];
  return all.map(({ ip }) => ip).findLast((ip) => !used.has(ip)) ?? assert.fail(`${node} has none left`);
}

describe('pods with addresses of a subnet of their own', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  before(async () => {
    lab = await startIn('azure-cni-dynamic');
  });
  after(async () => lab?.down());

  test('find names of private zones that their network is linked to, not those of a peer', async () => {
    await askForPrivateNames(lab);
  });

  test('are themselves in peered networks too', async () => {
    const [one, two] = [await addressOf(lab, 'shop/one'), await addressOf(lab, 'shop/two')];
    assert.match(one, /^172\.20\.160\./);
    assert.equal(await seen(lab, 'shop/one', `${two}:8080`), one);
    assert.equal(await seen(lab, 'shop/one', `${db}:80`), one);
    assert.equal(await seen(lab, 'shop/one', `${far}:80`), one);
  });

  test('keep their subnet, which cannot become smaller than what nodes have of it', async () => {
    const { client } = lab.connection;
    const one = await addressOf(lab, 'shop/one');
    const given = await client.get(fabricResources.virtualnetworks, { name: 'default' });
    const subnets = given?.spec.subnets ?? [];
    const without = subnets.filter(({ name }) => name !== 'pods');
    const body = { spec: { subnets: without } };
    await assert.rejects(
      client.patch(fabricResources.virtualnetworks, { name: 'default' }, { body }),
      /spec\.subnets: .*of node node-1, for its pods.* must stay in the subnet pods/,
    );
    const taken = machine('thief', 'default/pods', { addresses: [one] });
    await assert.rejects(
      client.create(fabricResources.virtualmachines, taken as VirtualMachine),
      /spec\.interfaces\[0\]\.addresses\[0\].*is the address of node node-1, for its pods/,
    );
  });

  test('a node asks for a batch more when fewer than eight addresses are free', async () => {
    const many = Array.from({ length: 12 }, (_, index) => podOn('node-1', `shop/many-${index}`));
    const { client } = lab.connection;
    for (const pod of many) await client.create(resources.pods, pod);
    await eventually('all have an address', async () => {
      const { items } = await client.list(resources.pods, { namespace: 'shop' });
      return items.every(({ status }) => status?.podIP !== undefined);
    });
    const name = { namespace: 'kube-system', name: 'node-1' };
    // No more than its pods can ever need. The pods may all have had theirs before the node has asked.
    await eventually('the node has asked for 30 addresses, and has them', async () => {
      const config = await client.get(addressResources.nodenetworkconfigs, name);
      return config?.spec.requestedIPCount === 30 && config.status?.assignedIPCount === 30;
    });
    const last = await addressOf(lab, 'shop/many-11');
    assert.equal(await seen(lab, 'shop/two', `${last}:8080`), await addressOf(lab, 'shop/two'));
  });
});
