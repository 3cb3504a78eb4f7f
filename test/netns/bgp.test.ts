/**
 * Load balancers' addresses announced by BGP, with packets from a machine outside.
 *
 *     internet 203.0.113.10 --- router 172.20.0.1, AS 64500 --- node-1 172.20.1.1, node-2 .2, node-3 .3, AS 64501
 *
 * Pods `one`, `two` and `three` are on the node of their number.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { loadBalancerResources, resources } from '../../src/api/resources.ts';
import type { KubernetesObject } from '../../src/api/types/meta.ts';
import type { Service, ServiceSpec } from '../../src/api/types/core.ts';
import type {
  BGPAdvertisement,
  BGPPeer,
  Community,
  IPAddressPool,
} from '../../src/api/types/load-balancer.ts';
import { createNftables } from '../../src/kernel/nft/nftables.ts';
import { machineNetns, nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { virtualMachineNetns } from '../../src/model/fabric/network/machine-interfaces.ts';
import { addressesGivenTo } from '../../src/model/load-balancer/status.ts';
import { labAddresses, labNodeAddress } from '../../src/model/network/lab-addresses.ts';
import type { Prediction } from '../../src/analysis/flow.ts';
import { predict } from '../../src/analysis/predict/predict.ts';
import { machine, weftKind } from '../../src/analysis/testing/segment-objects.ts';
import { readCluster } from '../../src/lab/cluster-of.ts';
import { openLabs } from '../../src/cmd/weft/labs.ts';
import { readProcessFile } from '../../src/lab/process-file.ts';
import type { ProbeResult } from '../../src/workload/port.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { cannotSpeakBgp, daemonsOf, hasSession, routerOf, type Router } from '../support/router.ts';
import { eventually } from './flow.ts';
import { killRole } from './processes.ts';
import { startTraffic } from './traffic.ts';

const skip = cannotSendPackets || cannotSpeakBgp();
const namespace = 'metallb-system';
const nodes = [0, 1, 2].map((index) => labNodeAddress(index));
const hosts = ['node-1', 'node-2', 'node-3'];
const names = ['one', 'two', 'three'];

const pool: IPAddressPool = {
  apiVersion: 'metallb.io/v1beta1',
  kind: 'IPAddressPool',
  metadata: { name: 'public', namespace },
  spec: { addresses: ['198.51.100.0/25'] },
};

function advertisement(spec: BGPAdvertisement['spec'] = {}, name = 'public'): BGPAdvertisement {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'BGPAdvertisement',
    metadata: { name, namespace },
    spec: { ipAddressPools: ['public'], ...spec },
  };
}

function peer(spec: Partial<BGPPeer['spec']> = {}, name = 'router'): BGPPeer {
  return {
    apiVersion: 'metallb.io/v1beta2',
    kind: 'BGPPeer',
    metadata: { name, namespace },
    spec: { myASN: 64_501, peerASN: 64_500, peerAddress: labAddresses.router, ...spec },
  };
}

function balanced(name: string, spec: Partial<ServiceSpec> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', annotations: { 'metallb.io/address-pool': 'public' } },
    spec: {
      type: 'LoadBalancer',
      selector: { app: 'web' },
      ports: [{ port: 80, targetPort: 8080 }],
      ...spec,
    },
  };
}

const external = peer({
  enableGracefulRestart: true,
  password: 'tell-nobody',
  holdTime: '3s',
  keepaliveTime: '1s',
});
const pods = names.map((name, index) =>
  podOn(`node-${index + 1}`, `default/${name}`, { labels: { app: 'web' } }),
);

describe('addresses announced by BGP', { skip }, () => {
  let lab: TestLab;
  let router: Router;
  let web = '';
  const base = [pool, ...pods, balanced('web', { externalTrafficPolicy: 'Local' })];

  before(async () => {
    lab = await startLab('bgp');
    router = routerOf(lab);
    await lab.apply(announced());
    await eventually('the Service has an address', async () => {
      const key = { namespace: 'default', name: 'web' };
      const service = await lab.connection.client.get(resources.services, key);
      web = (service && addressesGivenTo(service)[0]) ?? '';
      return web !== '';
    });
  });
  after(() => lab.down());

  const announced = (): KubernetesObject[] => [
    ...base,
    advertisement({ communities: ['64501:100', 'named', 'large:64501:1:2'] }),
    communities,
    external,
  ];
  const communities: Community = {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'Community',
    metadata: { name: 'names', namespace },
    spec: { communities: [{ name: 'named', value: '64501:200' }] },
  };

  const hopsAre = (wanted: readonly string[], prefix = `${web}/32`): Promise<void> =>
    eventually(
      `the router reaches ${prefix} by ${wanted.join(', ') || 'nobody'}, and not by ${router.nextHops(prefix).join(', ')}`,
      () => router.nextHops(prefix).join() === wanted.join(),
      20_000,
    );

  test('the router has every node as a next hop, and a machine outside is answered on all of them', async () => {
    await hopsAre(nodes);
    const seen = new Set<string>();
    await eventually('a pod of each node answers', async () => {
      const { outcome, answer } = await lab.probe(machineNetns.internet, `${web}:80`);
      assert.equal(outcome, 'answered');
      assert.equal(answer?.source, labAddresses.internet);
      seen.add(answer?.pod ?? '');
      return seen.size === names.length;
    });
    const predicted = predict(await readCluster(lab.connection.client), {
      source: { kind: 'address', address: labAddresses.internet },
      destination: { kind: 'service', key: 'default/web' },
      protocol: 'TCP',
      port: 80,
    });
    assert.equal(predicted.verdict, 'allowed');
    assert.deepEqual(new Set(predicted.outcomes.map(({ backend }) => backend)), seen);
  });

  test('a machine of another segment is answered where its gateway leads to the router, as predicted', async () => {
    await lab.apply([
      ...announced(),
      weftKind('Segment', 'office', { prefix: '192.168.30.0/24', gateway: '192.168.30.1' }),
      weftKind('Segment', 'island', { prefix: '192.168.31.0/24' }),
      machine('desk', { name: 'eth0', segment: 'office', addresses: ['192.168.30.7'] }),
      machine('rock', { name: 'eth0', segment: 'island', addresses: ['192.168.31.7'] }),
    ]);
    const ask = async (name: string): Promise<ProbeResult> =>
      lab.probe(virtualMachineNetns(name), `${web}:80`);
    await eventually('the desk is answered', async () => (await ask('desk')).outcome === 'answered');
    assert.equal((await ask('desk')).answer?.source, '192.168.30.7');
    assert.notEqual((await ask('rock')).outcome, 'answered');
    const cluster = await readCluster(lab.connection.client);
    const foreseen = (name: string, address: string): Prediction =>
      predict(cluster, {
        source: { kind: 'address', address, machine: `vm:${name}` },
        destination: { kind: 'service', key: 'default/web' },
        protocol: 'TCP',
        port: 80,
      });
    const { verdict, outcomes } = foreseen('desk', '192.168.30.7');
    assert.equal(verdict, 'allowed');
    assert.deepEqual(
      outcomes.map(({ backend, sourceSeen }) => `${backend} sees ${sourceSeen}`).toSorted(),
      names.map((name) => `default/${name} sees 192.168.30.7`).toSorted(),
    );
    assert.match(foreseen('rock', '192.168.31.7').why ?? '', /^vm:rock has no route to /);
  });

  const toldBy = async (): Promise<string> => {
    const { items } = await lab.connection.client.list(loadBalancerResources.servicebgpstatuses);
    const lines = items.map(
      ({ status }) => `${status?.node} tells ${status?.peers.join()} of ${status?.serviceName}`,
    );
    return lines.toSorted().join('; ');
  };

  test('whom each node tells of a Service is written down', async () => {
    const wanted = hosts.map((name) => `${name} tells router of web`).join('; ');
    await eventually(wanted, async () => (await toldBy()) === wanted, 20_000);
  });

  test('the router is told the communities, also those with names', () => {
    const told = router.shows(`${web}/32`);
    for (const community of ['64501:100', '64501:200', '64501:1:2'])
      assert.ok(told.includes(community), told);
  });

  test('what nobody announces ends at the router', async () => {
    const { outcome, rejectedBy } = await lab.probe(machineNetns.internet, '198.51.100.126:80');
    assert.deepEqual([outcome, rejectedBy], ['rejected', labAddresses.internetRouter]);
  });

  test('what no Service takes at an announced address ends at the node that it comes to, and is predicted to', async () => {
    const ask = { protocol: 'TCP', port: 81 } as const;
    const cluster = await readCluster(lab.connection.client);
    const predicted = predict(cluster, {
      source: { kind: 'address', address: labAddresses.internet },
      destination: { kind: 'address', address: web },
      ...ask,
    });
    assert.equal(predicted.verdict, 'unreachable');
    for (const protocol of ['TCP', 'UDP'] as const) {
      const { outcome, rejectedBy = '' } = await lab.probe(machineNetns.internet, `${web}:81`, { protocol });
      assert.equal(outcome, 'rejected');
      assert.ok(nodes.includes(rejectedBy), rejectedBy);
    }
    const one = { kind: 'pod', key: 'default/one' } as const;
    const destination = { kind: 'address', address: web } as const;
    assert.equal(predict(cluster, { source: one, destination, ...ask }).verdict, 'unreachable');
    const inside = await lab.probe(await lab.netnsOf('default/one'), `${web}:81`);
    assert.deepEqual([inside.outcome, inside.rejectedBy], ['rejected', nodes[0]]);
  });

  test('a node without an endpoint of its own withdraws, and comes back with one', async () => {
    await lab.connection.client.delete(resources.pods, { namespace: 'default', name: 'two' });
    await hopsAre([nodes[0] ?? '', nodes[2] ?? '']);
    await lab.apply([...base, advertisement(), communities, external]);
    await hopsAre(nodes);
  });

  test('agents and daemons that are killed lose no connection', async () => {
    const traffic = startTraffic(lab, machineNetns.internet, { address: web, port: 80, clients: 3 });
    const before = daemonsOf(lab);
    await killRole(lab, 'agents');
    await killRole(lab, 'control');
    assert.deepEqual(daemonsOf(lab), before);
    for (const name of hosts) {
      for (const pid of daemonsOf(lab, name)) process.kill(pid, 'SIGKILL');
    }
    await eventually(
      'other daemons have sessions',
      () => {
        const now = daemonsOf(lab);
        const again = now.filter((pid) => !before.includes(pid));
        return again.length >= names.length && hosts.every((name) => hasSession(lab, name));
      },
      20_000,
    );
    await eventually('the API answers', () =>
      lab.connection.client.list(resources.nodes).then(
        () => true,
        () => false,
      ),
    );
    await hopsAre(nodes);
    await traffic.stop();
    assert.deepEqual(traffic.failures, []);
    assert.ok([...traffic.answers.values()].every((count) => count > 0));
  });

  test('a node that is cut off is no next hop any more, and is one again afterwards', async () => {
    const nft = createNftables({ namespaces: lab.namespaces });
    const cut = nodeNetns('node-3');
    nft.run(
      cut,
      'table ip cut {\n chain in {\n type filter hook prerouting priority -400;\n iifname "eth0" drop;\n }\n}',
    );
    await hopsAre(nodes.slice(0, 2));
    const traffic = startTraffic(lab, machineNetns.internet, { address: web, port: 80, clients: 2 });
    await eventually('others answer', () => traffic.answers.size === 2);
    await traffic.stop();
    assert.deepEqual(traffic.failures, []);
    nft.run(cut, 'delete table ip cut');
    nft.close();
    await hopsAre(nodes);
  });

  test('addresses are announced together where an advertisement says so', async () => {
    await lab.apply([...base, advertisement({ aggregationLength: 26 }), external]);
    const half = Number(web.split('.')[3]) < 64 ? '198.51.100.0/26' : '198.51.100.64/26';
    await hopsAre(nodes, half);
    await hopsAre([]);
    const { outcome } = await lab.probe(machineNetns.internet, `${web}:80`);
    assert.equal(outcome, 'answered');
  });

  test('a whole pool is announced as one prefix, and what no Service has in it leads nowhere', async () => {
    await lab.apply([...base, advertisement({ aggregationLength: 25 }), external]);
    await hopsAre(nodes, '198.51.100.0/25');
    const served = await lab.probe(machineNetns.internet, `${web}:80`);
    assert.equal(served.outcome, 'answered');
    const free = web.replace(/\d+$/, '0');
    for (const protocol of ['TCP', 'UDP'] as const) {
      await eventually('a node rejects what is for nobody', async () => {
        const { outcome, rejectedBy } = await lab.probe(machineNetns.internet, `${free}:80`, { protocol });
        return outcome === 'rejected' && nodes.includes(rejectedBy ?? '');
      });
    }
  });

  test('an aggregate that would take in others’ addresses is not announced, and an Event says why', async () => {
    await lab.apply([...base, advertisement({ aggregationLength: 24 }), external]);
    await hopsAre([], '198.51.100.0/24');
    await eventually('an Event', async () =>
      (await eventsOf('BGPAdvertisement')).some((message) => message.includes('198.51.100.0/24')),
    );
  });

  test('an internal router is told the local preference, and of one node where a peer is for that alone', async () => {
    const only = { matchLabels: { 'kubernetes.io/hostname': 'node-2' } };
    await lab.apply([
      ...base,
      advertisement({ localPref: 150 }),
      peer({ myASN: 64_500, peerASN: 64_500, nodeSelectors: [only] }),
    ]);
    await hopsAre([nodes[1] ?? '']);
    await eventually('the preference', () => router.shows(`${web}/32`).includes('localpref 150'));
  });

  test('without a peer there is no daemon', async () => {
    await lab.apply([...base, advertisement()]);
    await hopsAre([]);
    await eventually('no daemon', () => daemonsOf(lab).length === 0);
    await eventually('nobody is said to be told', async () => (await toldBy()) === '', 20_000);
  });

  test('daemons of a lab whose processes were all killed go with it', async () => {
    await lab.apply([...base, advertisement(), external]);
    await hopsAre(nodes);
    const records = Object.values(readProcessFile(openLabs().control.paths(lab.name).processes));
    for (const { pid } of records) process.kill(pid, 'SIGKILL');
    await openLabs().control.stop(lab.name);
    assert.deepEqual(daemonsOf(lab), []);
  });

  const eventsOf = async (kind: string): Promise<string[]> => {
    const { items } = await lab.connection.client.list(resources.events);
    return items.filter(({ involvedObject }) => involvedObject.kind === kind).map(({ message }) => message);
  };
});
