import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node, Service } from '../../api/types/core.ts';
import type { BGPAdvertisement, IPAddressPool } from '../../api/types/load-balancer.ts';
import type { ServicePortModel } from '../services/port.ts';
import { servicePortsOf } from '../services/service-ports.ts';
import { announcedTo, announcementsOf, nodesAnnouncing, type BgpWorld } from './bgp-announcements.ts';
import { peersToSpeakWith } from './bgp-peers.ts';
import { poolsOf } from './pools.ts';

const namespace = 'metallb-system';

function pool(name: string, ...addresses: string[]): IPAddressPool {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name, namespace },
    spec: { addresses },
  };
}

function advertisement(spec: BGPAdvertisement['spec'] = {}, name = 'ad'): BGPAdvertisement {
  return { apiVersion: 'metallb.io/v1beta1', kind: 'BGPAdvertisement', metadata: { name, namespace }, spec };
}

function node(name: string, more: { ready?: 'True' | 'False'; labels?: Record<string, string> } = {}): Node {
  const { ready = 'True', labels = {} } = more;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels },
    status: { conditions: [{ type: 'Ready', status: ready }] },
  };
}

/** With endpoints on these nodes. */
function service(
  address: string,
  { nodes = ['a', 'b'], ...spec }: Partial<Service['spec']> & { nodes?: readonly string[] } = {},
): { service: Service; ports: readonly ServicePortModel[] } {
  const made: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `s-${address}`, namespace: 'default', labels: { app: 'web' } },
    spec: { type: 'LoadBalancer', clusterIPs: ['10.96.0.9'], ports: [{ port: 80 }], ...spec },
    status: { loadBalancer: { ingress: [{ ip: address }] } },
  };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 's', namespace: 'default' },
    addressType: 'IPv4' as const,
    ports: [{ port: 8080 }],
    endpoints: nodes.map((nodeName, index) => ({ addresses: [`10.244.0.${index + 1}`], nodeName })),
  };
  return { service: made, ports: servicePortsOf(made, [slice]) };
}

function told(world: Partial<BgpWorld>, to: { node?: Node; peer?: string } = {}) {
  const { announcements, problems } = announcementsOf({
    services: [service('192.0.2.7')],
    pools: poolsOf([pool('p', '192.0.2.0/25')]).pools,
    advertisements: [advertisement()],
    communities: [],
    ...world,
  });
  return {
    routes: announcedTo(to.peer ?? 'tor', to.node ?? node('a'), announcements),
    problems: problems.map(({ why }) => why),
  };
}

const plain = { communities: [], largeCommunities: [] };
const prefixes = (world: Partial<BgpWorld>, to?: Parameters<typeof told>[1]): string[] =>
  told(world, to).routes.map(({ prefix }) => prefix);

test('the address of a Service is announced alone where nothing else is said', () => {
  assert.deepEqual(told({}), { routes: [{ prefix: '192.0.2.7/32', ...plain }], problems: [] });
});

test('addresses that are of no pool, or not advertised, are not announced', () => {
  assert.deepEqual(prefixes({ services: [service('192.0.2.200')] }), []);
  assert.deepEqual(prefixes({ advertisements: [] }), []);
  assert.deepEqual(prefixes({ advertisements: [advertisement({ ipAddressPools: ['other'] })] }), []);
  assert.deepEqual(prefixes({ services: [service('192.0.2.7', { type: 'ClusterIP' })] }), []);
});

test('an advertisement is for the peers, nodes and Services that it names', () => {
  const to = { node: node('a', { labels: { rack: '1' } }) };
  assert.deepEqual(prefixes({ advertisements: [advertisement({ peers: ['other'] })] }), []);
  assert.equal(prefixes({ advertisements: [advertisement({ peers: ['tor'] })] }).length, 1);
  const rack = (value: string) => advertisement({ nodeSelectors: [{ matchLabels: { rack: value } }] });
  assert.equal(prefixes({ advertisements: [rack('1')] }, to).length, 1);
  assert.deepEqual(prefixes({ advertisements: [rack('2')] }, to), []);
  const app = (value: string) => advertisement({ serviceSelectors: [{ matchLabels: { app: value } }] });
  assert.equal(prefixes({ advertisements: [app('web')] }).length, 1);
  assert.deepEqual(prefixes({ advertisements: [app('db')] }), []);
});

test('with externalTrafficPolicy Local only nodes with an endpoint announce', () => {
  const services = [service('192.0.2.7', { externalTrafficPolicy: 'Local', nodes: ['b'] })];
  assert.deepEqual(prefixes({ services }, { node: node('a') }), []);
  assert.equal(prefixes({ services }, { node: node('b') }).length, 1);
});

test('a node that is not ready, or excluded from load balancers, announces nothing', () => {
  const labels = { 'node.kubernetes.io/exclude-from-external-load-balancers': '' };
  assert.deepEqual(prefixes({}, { node: node('a', { ready: 'False' }) }), []);
  assert.deepEqual(prefixes({}, { node: node('a', { labels }) }), []);
});

test('an aggregate is announced once for all that it covers, as long as one of them is', () => {
  const advertisements = [advertisement({ aggregationLength: 28 })];
  const services = ['192.0.2.7', '192.0.2.8'].map((address) => service(address));
  assert.deepEqual(prefixes({ advertisements, services }), ['192.0.2.0/28']);
  assert.deepEqual(prefixes({ advertisements, services: services.slice(1) }), ['192.0.2.0/28']);
  assert.deepEqual(prefixes({ advertisements, services: [] }), []);
});

test('an aggregate that takes in addresses of others is not announced, and why is told', () => {
  const { routes, problems } = told({ advertisements: [advertisement({ aggregationLength: 24 })] });
  assert.deepEqual(routes, []);
  assert.match(problems.join(), /aggregationLength 24: 192\.0\.2\.0\/24 would take in addresses/);
});

test('communities are numbers, large ones or names; two advertisements of one prefix are told as one', () => {
  const communities = [
    {
      apiVersion: 'metallb.io/v1beta1',
      kind: 'Community',
      metadata: { name: 'c', namespace },
      spec: { communities: [{ name: 'nx', value: '65535:65281' }] },
    },
  ];
  const advertisements = [
    advertisement({ communities: ['nx', 'large:1:2:3'], localPref: 50 }, 'one'),
    advertisement({ communities: ['64500:1'], localPref: 200 }, 'two'),
  ];
  assert.deepEqual(told({ communities, advertisements }).routes, [
    {
      prefix: '192.0.2.7/32',
      communities: ['64500:1', '65535:65281'],
      largeCommunities: ['1:2:3'],
      localPref: 200,
    },
  ]);
});

test('a community that is none keeps its advertisement from being followed', () => {
  for (const community of ['nobody', '1:65536', '1:2:3', 'large:1:2', '1:2)); reject', '']) {
    const { routes, problems } = told({ advertisements: [advertisement({ communities: [community] })] });
    assert.deepEqual(routes, [], community);
    assert.equal(problems.length, 1, community);
  }
});

test('an address is reached by the nodes that announce it to a peer that they speak with', () => {
  const peers = peersToSpeakWith([
    {
      apiVersion: 'metallb.io/v1beta2',
      kind: 'BGPPeer',
      metadata: { name: 'tor', namespace },
      spec: {
        myASN: 1,
        peerASN: 2,
        peerAddress: '10.0.0.1',
        bfdProfile: 'unknown-here',
        nodeSelectors: [{ matchLabels: { rack: '1' } }],
      },
    },
  ]);
  const { announcements } = announcementsOf({
    services: [service('192.0.2.7', { externalTrafficPolicy: 'Local', nodes: ['a', 'b', 'c'] })],
    pools: poolsOf([pool('p', '192.0.2.0/25')]).pools,
    advertisements: [advertisement({ aggregationLength: 26 })],
    communities: [],
  });
  const rack = (name: string, number: string): Node => node(name, { labels: { rack: number } });
  const nodes = [rack('c', '1'), rack('a', '1'), rack('b', '2'), rack('d', '1')];
  assert.deepEqual([...nodesAnnouncing(announcements, peers, nodes)], [['192.0.2.7', ['a', 'c']]]);
});
