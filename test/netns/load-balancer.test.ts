/**
 * Services of type LoadBalancer in a dual-stack lab with its own pool, asked by the machine that stands for the internet.
 *
 *     node-1   client
 *     node-2   two         (app: web)
 *     node-3   three       (app: web)
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { loadBalancerResources, resources } from '../../src/api/resources.ts';
import type { Service, ServiceSpec } from '../../src/api/types/core.ts';
import { predict } from '../../src/analysis/predict/predict.ts';
import { readCluster } from '../../src/lab/cluster-of.ts';
import { families, familyOf, inFamily, parseAddress } from '../../src/lib/address.ts';
import { contains, parsePrefix } from '../../src/lib/prefix.ts';
import { labPlaces } from '../../src/lab/options.ts';
import { electionOrder } from '../../src/model/load-balancer/layer2.ts';
import { addressesGivenTo } from '../../src/model/load-balancer/status.ts';
import { machineNetns, nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { networkConfigOf } from '../../src/model/network/config.ts';
import { familyPlaces } from '../../src/model/network/topology.ts';
import { labAddressesOf } from '../../src/model/network/lab-addresses.ts';
import { killAgents } from '../differential/live/lab-state.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { cablesOf, type Cables } from '../support/cable.ts';
import { eventually } from './flow.ts';

function balanced(name: string, spec: Partial<ServiceSpec> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: {
      type: 'LoadBalancer',
      ipFamilyPolicy: 'RequireDualStack',
      selector: { app: 'web' },
      ports: [{ port: 80, targetPort: 8080 }],
      ...spec,
    },
  };
}

describe('load balancers in a lab', { skip: cannotSendPackets }, () => {
  let lab: TestLab;
  let cables: Cables;
  const config = networkConfigOf(undefined, families);
  const places = labPlaces({ nodes: 3, config });
  const web = { app: 'web' };
  const objects = [
    podOn('node-1', 'default/client'),
    podOn('node-2', 'default/two', { labels: web }),
    podOn('node-3', 'default/three', { labels: web }),
    balanced('web'),
    balanced('local', { externalTrafficPolicy: 'Local' }),
  ];

  before(async () => {
    lab = await startLab('balanced', { config });
    await lab.apply(objects);
    cables = cablesOf(lab.namespaces);
  });
  after(async () => {
    cables?.close();
    await lab?.down();
  });

  const addressesOf = async (name: string): Promise<string[]> => {
    const service = await lab.connection.client.get(resources.services, { namespace: 'default', name });
    return service === undefined ? [] : addressesGivenTo(service);
  };
  const ask = async (address: string): Promise<string> => {
    const { outcome, answer } = await lab.probe(machineNetns.internet, `${address}:80`);
    return answer === undefined ? outcome : answer.pod;
  };
  /** The node that a connection comes through: it puts an address of its own in; undefined when none does. */
  const nodeBehind = async (address: string): Promise<string | undefined> => {
    const { answer } = await lab.probe(machineNetns.internet, `${address}:80`);
    const place = places.find((one) =>
      familyPlaces(one).some((own) => [own.address, own.tunnelAddress].includes(answer?.source ?? '')),
    );
    return place?.name;
  };
  const firstFor = (address: string): string =>
    electionOrder(
      address,
      places.map(({ name }) => name),
    )[0] ?? assert.fail();
  const isBehind = (address: string, node: string): Promise<void> =>
    eventually(`${node} answers`, async () => (await nodeBehind(address)) === node, 20_000);

  test('a Service has an address of each family from the lab’s own pool, and is reached by them at once', async () => {
    const addresses = await addressesOf('web');
    assert.equal(addresses.length, 2);
    for (const family of families) {
      const address = inFamily(addresses, family) ?? assert.fail();
      const pool = parsePrefix(labAddressesOf[family].loadBalancers) ?? assert.fail();
      assert.ok(contains(pool, parseAddress(address) ?? assert.fail()), address);
      assert.match(await ask(address), /^default\/(two|three)$/);
    }
  });

  test('with externalTrafficPolicy Local the pod sees who asks: only a node that has one is asked', async () => {
    for (const address of await addressesOf('local')) {
      const { answer } = await lab.probe(machineNetns.internet, `${address}:80`);
      const family = address.includes(':') ? 'IPv6' : 'IPv4';
      assert.equal(answer?.source, labAddressesOf[family].internet);
    }
  });

  test('what a Service does not have is nobody’s: no process of a node is behind the address', async () => {
    const [any = ''] = await addressesOf('web');
    const name = (await nodeBehind(any)) ?? assert.fail();
    const node = await lab.connection.client.get(resources.nodes, { name });
    const own = (node?.status?.addresses ?? []).map(({ address }) => address);
    for (const family of families) {
      const listener = lab.sockets.listen(nodeNetns(name), { protocol: 'udp', port: 2222, family });
      const heardAt = async (addresses: readonly string[]): Promise<boolean> => {
        const address = inFamily(addresses, family) ?? assert.fail();
        await lab.probe(machineNetns.internet, `${address}:2222`, { protocol: 'UDP' });
        return lab.sockets.receive(listener).kind === 'data';
      };
      assert.equal(await heardAt(await addressesOf('web')), false);
      assert.equal(await heardAt(own), true);
      lab.sockets.close(listener);
    }
  });

  test('who asks for what no Service has is told so, from outside and by pods, and is predicted to be', async () => {
    const cluster = await readCluster(lab.connection.client);
    const client = await lab.netnsOf('default/client');
    for (const address of await addressesOf('local')) {
      const { internet } = labAddressesOf[familyOf(address)];
      for (const source of [
        { kind: 'address', address: internet },
        { kind: 'pod', key: 'default/client' },
      ] as const) {
        const destination = { kind: 'address', address } as const;
        assert.equal(
          predict(cluster, { source, destination, protocol: 'TCP', port: 2222 }).verdict,
          'unreachable',
        );
        const netns = source.kind === 'pod' ? client : machineNetns.internet;
        for (const protocol of ['TCP', 'UDP'] as const) {
          const { outcome } = await lab.probe(netns, `${address}:2222`, { protocol });
          assert.equal(outcome, 'rejected', `${source.kind} ${address} ${protocol}`);
        }
      }
    }
  });

  test('who answers for a Service is written down, and no longer when it goes', async () => {
    const statusesOf = async (service: string): Promise<string[]> => {
      const { items } = await lab.connection.client.list(loadBalancerResources.servicel2statuses);
      const own = items.filter(({ status }) => status?.serviceName === service);
      return own
        .map(({ status }) => `${status?.node} ${status?.interfaces.map(({ name }) => name).join()}`)
        .toSorted();
    };
    await lab.apply([...objects, balanced('passing')]);
    for (const name of ['web', 'passing']) {
      const addresses = await addressesOf(name);
      const nodes = await Promise.all(addresses.map(nodeBehind));
      const expected = [...new Set(nodes)].map((node) => `${node} eth0`).toSorted();
      await eventually(
        `${name} is announced by ${expected.join()}`,
        async () => (await statusesOf(name)).join() === expected.join(),
        20_000,
      );
    }
    await lab.apply(objects);
    await eventually('it is gone', async () => (await statusesOf('passing')).length === 0, 20_000);
  });

  test('Services that share an address are each reached by their own ports, and one outlives the other', async () => {
    const shared = (name: string, port: number, pod: string): Service => {
      const service = balanced(name, { selector: { name: pod }, ports: [{ port, targetPort: 8080 }] });
      const annotations = { 'metallb.io/allow-shared-ip': 'one' };
      return { ...service, metadata: { ...service.metadata, annotations } };
    };
    const second = shared('second', 81, 'three');
    await lab.apply([...objects, shared('first', 80, 'two'), second]);
    const addresses = await addressesOf('first');
    assert.deepEqual(await addressesOf('second'), addresses);
    const at = async (address: string, port: number): Promise<string> => {
      const { outcome, answer } = await lab.probe(machineNetns.internet, `${address}:${port}`);
      return answer?.pod ?? outcome;
    };
    for (const address of addresses) {
      const seen = await Promise.all([80, 81, 82].map((port) => at(address, port)));
      assert.deepEqual(seen, ['default/two', 'default/three', 'rejected'], address);
    }
    await lab.apply([...objects, second]);
    assert.deepEqual(await addressesOf('second'), addresses);
    for (const address of addresses) {
      assert.deepEqual(
        [await at(address, 80), await at(address, 81)],
        ['rejected', 'default/three'],
        address,
      );
    }
    await lab.apply(objects);
  });

  test('what is predicted from outside is what happens', async () => {
    const cluster = await readCluster(lab.connection.client);
    for (const name of ['web', 'local']) {
      for (const family of families) {
        const { internet: address } = labAddressesOf[family];
        const prediction = predict(cluster, {
          source: { kind: 'address', address },
          destination: { kind: 'service', key: `default/${name}` },
          protocol: 'TCP',
          port: 80,
          family,
        });
        const target = inFamily(await addressesOf(name), family) ?? assert.fail();
        const { answer } = await lab.probe(machineNetns.internet, `${target}:80`);
        const predicted = prediction.outcomes.find(({ backend }) => backend === answer?.pod);
        assert.equal(predicted?.verdict, 'allowed', `${name} ${family}`);
        assert.equal(predicted.sourceSeen, answer?.source, `${name} ${family}`);
      }
    }
  });

  test('when the node that answers is cut off another one does, and the first again when it is back', async () => {
    for (const address of await addressesOf('web')) {
      const first = firstFor(address);
      // It may have been elsewhere while the other family's node was cut off.
      await isBehind(address, first);
      cables.cut(first);
      const isTaken = async (): Promise<boolean> => ![first, undefined].includes(await nodeBehind(address));
      await eventually('another node answers', isTaken, 20_000);
      cables.mend();
      await isBehind(address, first);
    }
  });

  test('an advertisement says which nodes may answer, and which are to before others', async () => {
    const [address = ''] = await addressesOf('web');
    const first = firstFor(address);
    const other = first === 'node-1' ? 'node-2' : 'node-1';
    const advertise = (spec: object): Promise<unknown> =>
      lab.connection.client.patch(
        loadBalancerResources.l2advertisements,
        { namespace: 'metallb-system', name: 'lab' },
        { body: { spec } },
      );
    await isBehind(address, first);
    await advertise({ nodeSelectors: [{ matchLabels: { 'kubernetes.io/hostname': other } }] });
    await isBehind(address, other);
    await advertise({ nodeSelectors: null });
    await isBehind(address, first);
    // One that is preferred comes first, and others still answer while it cannot.
    const preference = { matchLabels: { 'kubernetes.io/hostname': other } };
    await advertise({ preferredNodeSelectors: [{ weight: 1, preference }] });
    await isBehind(address, other);
    cables.cut(other);
    const isTaken = async (): Promise<boolean> => ![other, undefined].includes(await nodeBehind(address));
    await eventually('another node answers', isTaken, 20_000);
    cables.mend();
    await isBehind(address, other);
    await advertise({ preferredNodeSelectors: null });
    await isBehind(address, first);
  });

  test('agents that start again answer for what they answered for', async () => {
    const before = await addressesOf('web');
    await killAgents(lab);
    await lab.apply([...objects, balanced('late')]);
    assert.deepEqual(await addressesOf('web'), before);
    for (const address of [...before, ...(await addressesOf('late'))]) {
      assert.match(await ask(address), /^default\//);
    }
  });
});
