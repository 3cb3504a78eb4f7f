/**
 * Two clusters on one segment whose pools are of one range, workloads on different ports: the note on duplicate addresses
 * of the documents about clusters on one network, which does not come true here. A third cluster is on a network of its
 * own.
 *
 *     a   172.20.1.1, 172.20.1.2   server-a        b   172.20.2.1, 172.20.2.2   server-b        c   elsewhere   server-c
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { loadBalancerResources, resources } from '../../src/api/resources.ts';
import type { Service, ServiceSpec } from '../../src/api/types/core.ts';
import type { IPAddressPool, L2Advertisement } from '../../src/api/types/load-balancer.ts';
import { families, familyOf } from '../../src/lib/address.ts';
import { machineNetns } from '../../src/model/fabric/default-fabric.ts';
import { addressesGivenTo } from '../../src/model/load-balancer/status.ts';
import { networkConfigOf } from '../../src/model/network/config.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { eventually } from './flow.ts';
import { startTraffic } from './traffic.ts';

const names = ['a', 'b', 'c'] as const;
type Cluster = (typeof names)[number];

/** Each cluster serves a port of its own. */
const ports = { a: 80, b: 8080, c: 80 } as const;

/** Of little more than is asked for, so that the clusters choose the same addresses. */
const pool: IPAddressPool = {
  apiVersion: 'metallb.io/v1beta1',
  kind: 'IPAddressPool',
  metadata: { name: 'shared', namespace: 'metallb-system' },
  spec: { addresses: ['172.20.100.8/29', 'fd00:172:20::9008/125'] },
};
const advertisement: L2Advertisement = {
  apiVersion: 'metallb.io/v1beta1',
  kind: 'L2Advertisement',
  metadata: { name: 'shared', namespace: 'metallb-system' },
  spec: { ipAddressPools: ['shared'] },
};
const wanted = ['172.20.100.9', 'fd00:172:20::9009'];

function balanced(name: string, port: number, annotations: Record<string, string> = {}): Service {
  const spec: ServiceSpec = {
    type: 'LoadBalancer',
    ipFamilyPolicy: 'RequireDualStack',
    selector: { app: 'web' },
    ports: [{ port, targetPort: 8080 }],
  };
  const own = { 'metallb.io/address-pool': 'shared', ...annotations };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', annotations: own },
    spec,
  };
}

describe('clusters with one range of addresses', { skip: cannotSendPackets }, () => {
  const labs: Partial<Record<Cluster, TestLab>> = {};

  before(async () => {
    const config = networkConfigOf(undefined, families);
    const lab = `test-shared-range-${process.pid}`;
    labs.a = await startLab('', { name: lab, nodes: 2, config });
    labs.b = await startLab('', { name: `${lab}.b`, nodes: 2, config });
    labs.c = await startLab('', { name: `${lab}.c`, nodes: 1, config, ownNetwork: true });
    for (const name of names) await clusterOf(name).apply(own(name));
  });
  after(async () => {
    for (const name of names.toReversed()) await labs[name]?.down();
  });

  const own = (name: Cluster): Parameters<TestLab['apply']>[0] => [
    podOn('node-1', `default/server-${name}`, { labels: { app: 'web' } }),
    pool,
    advertisement,
  ];
  const clusterOf = (name: Cluster): TestLab => labs[name] ?? assert.fail();
  const make = (name: Cluster, service: Service): Promise<Service> =>
    clusterOf(name).connection.client.create(resources.services, service);
  const given = async (name: Cluster, service: string): Promise<string[]> => {
    const at = { namespace: 'default', name: service };
    const found = await clusterOf(name).connection.client.get(resources.services, at);
    return found === undefined ? [] : addressesGivenTo(found);
  };
  /** As machines on the shared network see it: they are all of the first cluster's. */
  const who = async (address: string, port: number, lab: TestLab = clusterOf('a')): Promise<string> => {
    const { outcome, answer } = await lab.probe(machineNetns.internet, `${address}:${port}`);
    return answer?.pod ?? outcome;
  };
  const isServed = async (name: Cluster, service: string): Promise<boolean> => {
    const addresses = await given(name, service);
    const seen = await Promise.all(addresses.map((address) => who(address, ports[name])));
    return seen.length === 2 && seen.every((pod) => pod === `default/server-${name}`);
  };

  test('an address that one has is not taken by the other, which asks for it by name with another port', async () => {
    const annotations = { 'metallb.io/loadBalancerIPs': wanted.join() };
    await make('a', balanced('first', ports.a, annotations));
    await eventually('the first has it', () => isServed('a', 'first'), 20_000);
    const flows = wanted.map((address) =>
      startTraffic(clusterOf('a'), machineNetns.internet, { address, port: ports.a, clients: 2 }),
    );
    await make('b', balanced('second', ports.b, annotations));
    await eventually(
      'the second learns whose it is',
      async () => {
        const { client } = clusterOf('b').connection;
        const { items } = await client.list(loadBalancerResources.loadbalanceraddresses);
        const own = await given('b', 'second');
        return own.length === 0 && items.some(({ status }) => status?.conflict !== undefined);
      },
      20_000,
    );
    for (const address of wanted) {
      assert.equal(await who(address, ports.a), 'default/server-a');
      assert.equal(await who(address, ports.b), 'rejected', 'by the cluster that has it');
    }
    for (const flow of flows) {
      await flow.stop();
      assert.deepEqual([...flow.answers.keys()], ['default/server-a']);
      assert.deepEqual(flow.failures, []);
    }
    await clusterOf('b').connection.client.delete(resources.services, {
      namespace: 'default',
      name: 'second',
    });
  });

  test('both take addresses at once, on equal ports and on others, and each has one owner, who answers', async () => {
    const services = ['one', 'two'].flatMap((name) => [
      make('a', balanced(name, ports.a)),
      make('b', balanced(name, ports.b)),
    ]);
    await Promise.all([...services, make('b', balanced('equal', ports.a))]);
    const all: readonly [Cluster, string][] = [
      ['a', 'first'],
      ['a', 'one'],
      ['a', 'two'],
      ['b', 'one'],
      ['b', 'two'],
    ];
    for (const [name, service] of all)
      await eventually(`${service} of ${name} is served`, () => isServed(name, service), 30_000);
    const hasEqual = async (): Promise<boolean> => (await given('b', 'equal')).length === 2;
    await eventually('the one with an equal port has addresses', hasEqual, 30_000);
    const owners = await Promise.all(
      [...all, ['b', 'equal'] as const].map(([name, service]) => given(name, service)),
    );
    assert.equal(new Set(owners.flat()).size, 12, 'no address has two owners');
    for (const address of await given('b', 'equal')) {
      for (let tries = 0; tries < 10; tries++) assert.equal(await who(address, ports.a), 'default/server-b');
    }
  });

  test('on networks of their own, clusters have the same address, each for its own machines', async () => {
    const annotations = { 'metallb.io/loadBalancerIPs': wanted.join() };
    await make('c', balanced('first', ports.c, annotations));
    for (const address of wanted) {
      const isServedThere = async (): Promise<boolean> =>
        (await who(address, ports.c, clusterOf('c'))) === 'default/server-c';
      await eventually(`${familyOf(address)} is served there`, isServedThere, 20_000);
      assert.equal(await who(address, ports.a), 'default/server-a');
    }
  });
});
