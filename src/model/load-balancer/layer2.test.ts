import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node, Service } from '../../api/types/core.ts';
import type { L2Advertisement } from '../../api/types/load-balancer.ts';
import type { ServicePortModel } from '../services/port.ts';
import { balancedService, poolNamed } from './fixtures.ts';
import { announcementOrders, electionOrder, layer2Nodes } from './layer2.ts';
import { poolsOf } from './pools.ts';

const address = '192.0.2.5';
const { pools } = poolsOf([poolNamed('one', ['192.0.2.0/24']), poolNamed('two', ['198.51.100.0/24'])]);

function nodeNamed(name: string, change: { labels?: Record<string, string>; ready?: boolean } = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { name, ...change.labels } },
    status: { conditions: [{ type: 'Ready', status: change.ready === false ? 'False' : 'True' }] },
  };
}

function advertisement(spec: L2Advertisement['spec'] = {}): L2Advertisement {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'L2Advertisement',
    metadata: { name: 'one', namespace: 'metallb-system' },
    spec,
  };
}

function withAddress(spec: Partial<Service['spec']> = {}): Service {
  return { ...balancedService('web', spec), status: { loadBalancer: { ingress: [{ ip: address }] } } };
}

/** The nodes that may answer for the address; undefined when nobody is to. */
function nodesFor({
  service = withAddress(),
  ports = [],
  advertisements = [advertisement()],
  nodes = [nodeNamed('a'), nodeNamed('b')],
}: {
  service?: Service;
  ports?: readonly ServicePortModel[];
  advertisements?: readonly L2Advertisement[];
  nodes?: readonly Node[];
}): readonly string[] | undefined {
  return layer2Nodes(service, ports, { pools, advertisements, nodes, link: 'eth0' }).get(address);
}

test('nodes that are fit may answer: ready, with a network, and not excluded', () => {
  const exclude = { 'node.kubernetes.io/exclude-from-external-load-balancers': '' };
  const cut = nodeNamed('cut');
  const nodes = [
    nodeNamed('a'),
    nodeNamed('excluded', { labels: exclude }),
    nodeNamed('broken', { ready: false }),
    {
      ...cut,
      status: {
        conditions: [
          ...(cut.status?.conditions ?? []),
          { type: 'NetworkUnavailable', status: 'True' as const },
        ],
      },
    },
  ];
  assert.deepEqual(nodesFor({ nodes }), ['a']);
});

test('advertisements say of which pools and Services, by which nodes and on which links', () => {
  const said = (spec: L2Advertisement['spec']): readonly string[] | undefined =>
    nodesFor({ advertisements: [advertisement(spec)] });
  assert.deepEqual(said({ ipAddressPools: ['one'] }), ['a', 'b']);
  assert.equal(said({ ipAddressPools: ['two'] }), undefined);
  assert.deepEqual(said({ nodeSelectors: [{ matchLabels: { name: 'b' } }] }), ['b']);
  assert.equal(said({ interfaces: ['eth7'] }), undefined);
  assert.deepEqual(said({ interfaces: ['eth7', 'eth0'] }), ['a', 'b']);
  assert.equal(said({ serviceSelectors: [{ matchLabels: { app: 'db' } }] }), undefined);
  assert.equal(nodesFor({ advertisements: [] }), undefined);
});

test('advertisements elsewhere, addresses of no pool and Services of another class are not announced', () => {
  const stray = advertisement();
  assert.equal(
    nodesFor({ advertisements: [{ ...stray, metadata: { ...stray.metadata, namespace: 'shop' } }] }),
    undefined,
  );
  assert.equal(nodesFor({ service: withAddress({ loadBalancerClass: 'example.org/cloud' }) }), undefined);
  const foreign = { ...withAddress(), status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } } };
  assert.equal(nodesFor({ service: foreign }), undefined);
});

test('with externalTrafficPolicy Local only nodes with an endpoint may answer', () => {
  const endpoint = { address: '10.244.1.1', port: 80, nodeName: 'b', pod: 'shop/web' };
  const port = {
    family: 'IPv4',
    externalPolicy: 'Local',
    internalPolicy: 'Cluster',
    endpoints: [endpoint],
    draining: [],
  } as unknown as ServicePortModel;
  assert.deepEqual(nodesFor({ ports: [port] }), ['b']);
  assert.deepEqual(nodesFor({ ports: [{ ...port, externalPolicy: 'Cluster' }] }), ['a', 'b']);
  assert.deepEqual(nodesFor({ ports: [{ ...port, endpoints: [] }] }), []);
});

test('a shared address is announced by nodes that all its Services agree to', () => {
  const orders = announcementOrders([
    new Map([[address, ['a', 'b']]]),
    new Map([[address, ['b', 'c']]]),
    new Map([['192.0.2.6', ['c']]]),
  ]);
  assert.deepEqual([orders.get(address), orders.get('192.0.2.6')], [['b'], ['c']]);
});

test('a node that goes moves its own addresses only, and all nodes get their share', () => {
  const nodes = Array.from({ length: 10 }, (_, index) => `node-${index + 1}`);
  const counts = new Map<string, number>();
  for (let index = 0; index < 5000; index++) {
    const one = `172.20.${224 + (index >> 8)}.${index & 255}`;
    const order = electionOrder(one, nodes);
    const [first = ''] = order;
    counts.set(first, (counts.get(first) ?? 0) + 1);
    const gone = nodes[index % 10] ?? '';
    const left = electionOrder(one, nodes.filter((node) => node !== gone).toReversed());
    assert.deepEqual(
      left,
      order.filter((node) => node !== gone),
    );
  }
  for (const node of nodes) {
    const share = counts.get(node) ?? 0;
    assert.ok(share > 400 && share < 600, `${node} has ${share} of 5000`);
  }
});
