/**
 * Load balancers' addresses of IPv6 announced by BGP, with packets from a machine outside, in a dual-stack lab.
 *
 *     internet 2001:db8:113::10 --- router fd00:172:20::1 --- node-1 fd00:172:20::101, node-2 ::102, node-3 ::103
 *
 * Pods `one`, `two` and `three` are on the node of their number.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { resources } from '../../src/api/resources.ts';
import type { Service } from '../../src/api/types/core.ts';
import type { BGPAdvertisement, BGPPeer, IPAddressPool } from '../../src/api/types/load-balancer.ts';
import { predict } from '../../src/analysis/predict/predict.ts';
import { readCluster } from '../../src/lab/cluster-of.ts';
import { families, inFamily } from '../../src/lib/address.ts';
import { machineNetns } from '../../src/model/fabric/default-fabric.ts';
import { addressesGivenTo } from '../../src/model/load-balancer/status.ts';
import { networkConfigOf } from '../../src/model/network/config.ts';
import { labAddressesOf, labNodeAddress } from '../../src/model/network/lab-addresses.ts';
import { cablesOf, type Cables } from '../support/cable.ts';
import { cannotSendPackets, podOn, startLab, type TestLab } from '../support/lab.ts';
import { cannotSpeakBgp, routerOf, type Router } from '../support/router.ts';
import { eventually } from './flow.ts';

const skip = cannotSendPackets || cannotSpeakBgp();
const namespace = 'metallb-system';
const lab6 = labAddressesOf.IPv6;
const nodes = [0, 1, 2].map((index) => labNodeAddress(index, 'IPv6'));
/** On a link that both ends share, the next hop is the node's link-local address (RFC 2545, section 3). */
const hops = nodes.map((address) => address.replace('fd00:172:20:', 'fe80:'));
const nodes4 = [0, 1, 2].map((index) => labNodeAddress(index, 'IPv4'));
const names = ['one', 'two', 'three'];

const pool: IPAddressPool = {
  apiVersion: 'metallb.io/v1beta1',
  kind: 'IPAddressPool',
  metadata: { name: 'public', namespace },
  spec: { addresses: ['198.51.100.0/25', '2001:db8:51::/120'] },
};

function advertisement(spec: BGPAdvertisement['spec'] = {}): BGPAdvertisement {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'BGPAdvertisement',
    metadata: { name: 'public', namespace },
    spec: { ipAddressPools: ['public'], ...spec },
  };
}

function peer(spec: Partial<BGPPeer['spec']> = {}): BGPPeer {
  return {
    apiVersion: 'metallb.io/v1beta2',
    kind: 'BGPPeer',
    metadata: { name: 'router', namespace },
    spec: {
      myASN: 64_501,
      peerASN: 64_500,
      peerAddress: lab6.router,
      holdTime: '3s',
      keepaliveTime: '1s',
      ...spec,
    },
  };
}

const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default', annotations: { 'metallb.io/address-pool': 'public' } },
  spec: {
    type: 'LoadBalancer',
    ipFamilyPolicy: 'RequireDualStack',
    externalTrafficPolicy: 'Local',
    selector: { app: 'web' },
    ports: [{ port: 80, targetPort: 8080 }],
  },
};
const pods = names.map((name, index) =>
  podOn(`node-${index + 1}`, `default/${name}`, { labels: { app: 'web' } }),
);

describe('addresses of IPv6 announced by BGP', { skip }, () => {
  let lab: TestLab;
  let router: Router;
  let cables: Cables;
  let web = '';
  let web4 = '';
  const base = [pool, ...pods, service];

  before(async () => {
    lab = await startLab('bgp6', { config: networkConfigOf(undefined, families) });
    router = routerOf(lab);
    cables = cablesOf(lab.namespaces);
    await lab.apply([...base, advertisement(), peer()]);
    await eventually('the Service has addresses', async () => {
      const found = await lab.connection.client.get(resources.services, {
        namespace: 'default',
        name: 'web',
      });
      const given = found === undefined ? [] : addressesGivenTo(found);
      web = inFamily(given, 'IPv6') ?? '';
      web4 = inFamily(given, 'IPv4') ?? '';
      return web !== '' && web4 !== '';
    });
  });
  after(async () => {
    cables?.close();
    await lab?.down();
  });

  const hopsAre = (wanted: readonly string[], prefix = `${web}/128`): Promise<void> =>
    eventually(
      `the router reaches ${prefix} by ${wanted.join(', ') || 'nobody'}`,
      () => router.nextHops(prefix).join() === wanted.join(),
      20_000,
    );
  const ask = (address: string, protocol: 'TCP' | 'UDP' = 'TCP'): ReturnType<TestLab['probe']> =>
    lab.probe(machineNetns.internet, address, { protocol });

  test('the router has every node as a next hop, and a machine outside is answered on all of them', async () => {
    await hopsAre(hops);
    const seen = new Set<string>();
    await eventually('a pod of each node answers', async () => {
      const { outcome, answer } = await ask(`${web}:80`);
      assert.equal(outcome, 'answered');
      assert.equal(answer?.source, lab6.internet);
      seen.add(answer?.pod ?? '');
      return seen.size === names.length;
    });
    const predicted = predict(await readCluster(lab.connection.client), {
      source: { kind: 'address', address: lab6.internet },
      destination: { kind: 'service', key: 'default/web' },
      protocol: 'TCP',
      port: 80,
      family: 'IPv6',
    });
    assert.equal(predicted.verdict, 'allowed');
    assert.deepEqual(new Set(predicted.outcomes.map(({ backend }) => backend)), seen);
  });

  test('a session of one family says nothing of the other', () => {
    assert.deepEqual(router.nextHops(`${web4}/32`), []);
  });

  test('what no Service takes at an announced address ends at a node, and what nobody announces at the router', async () => {
    for (const protocol of ['TCP', 'UDP'] as const) {
      const { outcome, rejectedBy = '' } = await ask(`${web}:81`, protocol);
      assert.equal(outcome, 'rejected', protocol);
      assert.ok(nodes.includes(rejectedBy), rejectedBy);
    }
    const { outcome, rejectedBy } = await ask('2001:db8:51::fe:80');
    assert.deepEqual([outcome, rejectedBy], ['rejected', lab6.internetRouter]);
  });

  test('a node without an endpoint of its own withdraws, and comes back with one', async () => {
    await lab.connection.client.delete(resources.pods, { namespace: 'default', name: 'two' });
    await hopsAre(hops.filter((_, index) => index !== 1));
    await lab.apply([...base, advertisement(), peer()]);
    await hopsAre(hops);
  });

  test('a node that is cut off is no next hop any more, and is one again afterwards', async () => {
    cables.cut('node-3');
    await hopsAre(hops.slice(0, 2));
    assert.equal((await ask(`${web}:80`)).outcome, 'answered');
    cables.mend();
    await hopsAre(hops);
  });

  test('of an aggregate, addresses that no Service has are rejected by a node, and do not go back and forth', async () => {
    await lab.apply([...base, advertisement({ aggregationLengthV6: 120 }), peer()]);
    await hopsAre(hops, '2001:db8:51::/120');
    await hopsAre([]);
    assert.equal((await ask(`${web}:80`)).outcome, 'answered');
    for (const protocol of ['TCP', 'UDP'] as const) {
      await eventually('a node rejects what is for nobody', async () => {
        const { outcome, rejectedBy = '' } = await ask('2001:db8:51::fe:80', protocol);
        return outcome === 'rejected' && nodes.includes(rejectedBy);
      });
    }
  });

  test('a session of IPv6 carries both families where the peer says so', async () => {
    await lab.apply([...base, advertisement(), peer({ dualStackAddressFamily: true })]);
    await hopsAre(hops);
    await hopsAre(nodes4, `${web4}/32`);
    assert.equal((await ask(`${web4}:80`)).outcome, 'answered');
  });

  test('without an advertisement everything is withdrawn', async () => {
    await lab.apply([...base, peer({ dualStackAddressFamily: true })]);
    await hopsAre([]);
    await hopsAre([], `${web4}/32`);
  });
});
