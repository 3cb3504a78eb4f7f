/**
 * Load balancers of a lab whose nodes are in a virtual network.
 *
 *     default 172.20.0.0/16    nodes: node-1, node-2; machines 172.20.128.0/24: vm:desk
 *     far     10.9.0.0/16      one 10.9.1.0/24: vm:away, which reaches the other network by the internet alone
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Prediction } from '../../src/analysis/flow.ts';
import { predict } from '../../src/analysis/predict/predict.ts';
import { fabricResources, resources } from '../../src/api/resources.ts';
import type { Service } from '../../src/api/types/core.ts';
import type { NetworkSecurityGroup } from '../../src/api/types/fabric.ts';
import { readCluster } from '../../src/lab/cluster-of.ts';
import { labAddresses } from '../../src/model/network/lab-addresses.ts';
import { machineNetns } from '../../src/model/fabric/default-fabric.ts';
import { virtualMachineNetns } from '../../src/model/fabric/network/machine-interfaces.ts';
import { addressesGivenTo } from '../../src/model/load-balancer/status.ts';
import { defaultNetworkConfig } from '../../src/model/network/config.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { machine, network } from '../support/networks.ts';
import { eventually } from './flow.ts';

const internal = { 'service.beta.kubernetes.io/azure-load-balancer-internal': 'true' };
const labels = { app: 'web' };

function balanced(name: string, spec: Partial<Service['spec']> = {}, annotations = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', annotations },
    spec: { type: 'LoadBalancer', selector: labels, ports: [{ port: 80, targetPort: 8080 }], ...spec },
  };
}

describe('load balancers in a virtual network', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  const local = { externalTrafficPolicy: 'Local' } as const;
  const [desk, away] = [virtualMachineNetns('desk'), virtualMachineNetns('away')];
  const pods = ['one', 'two'].map((name, index) => podOn(`node-${index + 1}`, `default/${name}`, { labels }));

  before(async () => {
    lab = await startLab('vnetlb', { nodes: 2, config: { ...defaultNetworkConfig, model: 'kubenet' } });
    await lab.apply([
      ...pods,
      balanced('web'),
      balanced('local', local),
      balanced('inner', local, internal),
      machine('desk', 'default/machines'),
      network('far', '10.9.0.0/16', { one: '10.9.1.0/24' }),
      machine('away', 'far/one'),
    ]);
    await eventually('the machines are there', () => {
      const present = lab.namespaces.list();
      return present.includes(desk) && present.includes(away);
    });
  });
  after(async () => lab?.down());

  const addressOf = async (name: string): Promise<string> => {
    const service = await lab.connection.client.get(resources.services, { namespace: 'default', name });
    return (service && addressesGivenTo(service)[0]) ?? assert.fail(`${name} has no address`);
  };
  const seen = async (netns: string, name: string): Promise<string> => {
    const { outcome, answer } = await lab.probe(netns, `${await addressOf(name)}:80`);
    return answer?.source ?? outcome;
  };
  const isSeen = (netns: string, name: string, source: RegExp): Promise<void> =>
    eventually(`${netns} to ${name}`, async () => source.test(await seen(netns, name)), 20_000);

  test('the internet reaches a Service at a public address, and its nodes say who asks as the Service wants', async () => {
    assert.match(await addressOf('web'), /^203\.0\.113\.(1[3-8]\d|12[89]|19[01])$/);
    await isSeen(machineNetns.internet, 'web', /^(172\.20\.1|10\.244\.\d+)\.\d+$/);
    await isSeen(machineNetns.internet, 'local', /^203\.0\.113\.10$/);
  });

  test('an internal one has an address of the network, which machines in there reach and the internet does not', async () => {
    assert.match(await addressOf('inner'), /^172\.20\.2(2[4-9]|3\d)\./);
    await isSeen(desk, 'inner', /^172\.20\.128\.4$/);
    assert.equal(await seen(machineNetns.internet, 'inner'), 'silent');
  });

  test('machines of the network reach a public address directly, and those of others as everybody on the internet', async () => {
    await isSeen(desk, 'local', /^172\.20\.128\.4$/);
    await isSeen(away, 'local', /^203\.0\.113\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])$/);
  });

  test('what is predicted from outside is what happens', async () => {
    const cluster = await readCluster(lab.connection.client);
    const predicted = (name: string): Prediction =>
      predict(cluster, {
        source: { kind: 'address', address: labAddresses.internet },
        destination: { kind: 'service', key: `default/${name}` },
        protocol: 'TCP',
        port: 80,
        family: 'IPv4',
      });
    assert.equal(predicted('web').verdict, 'allowed');
    assert.equal(predicted('local').outcomes[0]?.sourceSeen, labAddresses.internet);
    assert.equal(predicted('inner').verdict, 'unreachable');
  });

  test('security groups of the nodes’ subnet judge what the internet asks, at the address that it asks', async () => {
    const { client } = lab.connection;
    const isPredicted = async (verdict: Prediction['verdict']): Promise<void> => {
      const cluster = await readCluster(client);
      const source = { kind: 'address', address: labAddresses.internet } as const;
      const destination = { kind: 'service', key: 'default/local' } as const;
      const prediction = predict(cluster, { source, destination, protocol: 'TCP', port: 80, family: 'IPv4' });
      assert.equal(prediction.verdict, verdict, prediction.why);
    };
    const front = (...rules: NonNullable<NetworkSecurityGroup['spec']['rules']>): NetworkSecurityGroup => ({
      apiVersion: 'weft.dev/v1alpha1',
      kind: 'NetworkSecurityGroup',
      metadata: { name: 'front' },
      spec: { rules },
    });
    await client.create(fabricResources.networksecuritygroups, front());
    const known = await client.get(fabricResources.virtualnetworks, { name: 'default' });
    assert.ok(known);
    const subnets = (known.spec.subnets ?? []).map((one) =>
      one.name === 'nodes' ? { ...one, networkSecurityGroup: 'front' } : one,
    );
    await client.update(fabricResources.virtualnetworks, { ...known, spec: { ...known.spec, subnets } });
    await isSeen(machineNetns.internet, 'local', /^silent$/);
    await isPredicted('unreachable');
    const destinations = [await addressOf('local')];
    const web = { name: 'web', priority: 100, direction: 'Inbound', access: 'Allow' } as const;
    const rule = { ...web, sources: ['Internet'], destinations, destinationPorts: ['80'] };
    const { metadata } = (await client.get(fabricResources.networksecuritygroups, { name: 'front' })) ?? {};
    assert.ok(metadata);
    await client.update(fabricResources.networksecuritygroups, { ...front(rule), metadata });
    await isSeen(machineNetns.internet, 'local', /^203\.0\.113\.10$/);
    await isPredicted('allowed');
  });

  test('the network hands an address to a node with endpoints, when those of another have gone', async () => {
    const behind = async (): Promise<string> => {
      const { answer } = await lab.probe(machineNetns.internet, `${await addressOf('local')}:80`);
      return answer?.pod ?? '';
    };
    const first = await behind();
    const [namespace = '', name = ''] = first.split('/');
    await lab.connection.client.delete(resources.pods, { namespace, name });
    const other = first === 'default/one' ? 'default/two' : 'default/one';
    await eventually('the other answers', async () => (await behind()) === other, 20_000);
  });
});
