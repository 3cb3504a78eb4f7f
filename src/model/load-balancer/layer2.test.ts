import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node, Service } from '../../api/types/core.ts';
import type { L2Advertisement } from '../../api/types/load-balancer.ts';
import type { ServicePortModel } from '../services/port.ts';
import { balancedService, poolNamed } from './fixtures.ts';
import { announcementOrders, electionOrder, layer2Nodes, layer2Problems, type Candidates } from './layer2.ts';
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
  const found = candidatesFor({ service, ports, advertisements, nodes });
  return found && [...found.keys()];
}

function candidatesFor({
  service = withAddress(),
  ports = [],
  ...world
}: {
  service?: Service;
  ports?: readonly ServicePortModel[];
  advertisements: readonly L2Advertisement[];
  nodes: readonly Node[];
}): Candidates | undefined {
  return layer2Nodes(service, ports, { pools, link: 'eth0', ...world }).get(address);
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

test('an advertisement that nobody follows is told why', () => {
  const whys = (one: L2Advertisement): string[] => layer2Problems([one], 'eth0').map(({ why }) => why);
  assert.deepEqual(whys(advertisement({ interfaces: ['eth7', 'eth0'] })), []);
  assert.deepEqual(whys(advertisement({ interfaces: ['eth7'] })), ['interfaces: nodes answer on eth0 only']);
  const stray = advertisement();
  assert.deepEqual(whys({ ...stray, metadata: { ...stray.metadata, namespace: 'shop' } }), [
    'objects of metallb.io count in namespace metallb-system only',
  ]);
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

const alike = (...names: string[]): Candidates => new Map(names.map((name) => [name, 0]));

test('weights of preferred nodes add up, of advertisements that let the node announce and are of the Service', () => {
  const zone = (name: string): { matchLabels: Record<string, string> } => ({ matchLabels: { zone: name } });
  const nodes = [
    nodeNamed('plain'),
    nodeNamed('near', { labels: { zone: 'near' } }),
    nodeNamed('fast', { labels: { disk: 'fast', zone: 'near' } }),
    nodeNamed('far', { labels: { zone: 'far' } }),
  ];
  const advertisements = [
    advertisement({
      preferredNodeSelectors: [
        { weight: 60, preference: zone('near') },
        { weight: 50, preference: { matchLabels: { disk: 'fast' } } },
      ],
    }),
    // A node that this one does not let announce is not preferred by it either.
    advertisement({
      nodeSelectors: [zone('far')],
      preferredNodeSelectors: [{ weight: 7, preference: {} }],
    }),
    advertisement({
      serviceSelectors: [{ matchLabels: { app: 'other' } }],
      preferredNodeSelectors: [{ weight: 100, preference: zone('far') }],
    }),
  ];
  const candidates = candidatesFor({ advertisements, nodes }) ?? assert.fail();
  assert.deepEqual(Object.fromEntries(candidates), { plain: 0, near: 60, fast: 110, far: 7 });
});

test('who is preferred comes first, and who is not preferred still comes', () => {
  const names = ['a', 'b', 'c', 'd'];
  for (let index = 0; index < 50; index++) {
    const one = `192.0.2.${index}`;
    const orderOf = (candidates: Candidates): readonly string[] =>
      announcementOrders([new Map([[one, candidates]])]).get(one) ?? assert.fail();
    const plain = orderOf(alike(...names));
    assert.deepEqual(plain, electionOrder(one, names));
    assert.deepEqual(orderOf(new Map([...alike(...names), ['c', 50], ['a', 100]])), [
      'a',
      'c',
      ...plain.filter((name) => name === 'b' || name === 'd'),
    ]);
  }
});

test('what the Services of a shared address prefer adds up', () => {
  const orders = announcementOrders([
    new Map([
      [
        address,
        new Map([
          ['a', 60],
          ['b', 0],
        ]),
      ],
    ]),
    new Map([
      [
        address,
        new Map([
          ['a', 0],
          ['b', 70],
        ]),
      ],
    ]),
  ]);
  assert.deepEqual(orders.get(address), ['b', 'a']);
});

test('a shared address is announced by nodes that all its Services agree to', () => {
  const orders = announcementOrders([
    new Map([[address, alike('a', 'b')]]),
    new Map([[address, alike('b', 'c')]]),
    new Map([['192.0.2.6', alike('c')]]),
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
