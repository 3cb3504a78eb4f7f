import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultNetworkConfig, networkConfigOf } from './config.ts';
import { sourceSeen, type SourceQuestion } from './source.ts';
import type { NodePlace, Place } from './topology.ts';

const places = new Map<string, NodePlace>(
  [1, 2].map((n) => [
    `node-${n}`,
    {
      name: `node-${n}`,
      address: `172.20.1.${n}`,
      podCidr: `10.244.${n}.0/24`,
      tunnelAddress: `10.244.${n}.0`,
    },
  ]),
);
const podA: Place = { kind: 'pod', address: '10.244.1.7', node: 'node-1' };
const podOnSameNode: Place = { kind: 'pod', address: '10.244.1.8', node: 'node-1' };
const podElsewhere: Place = { kind: 'pod', address: '10.244.2.9', node: 'node-2' };
const node1: Place = { kind: 'node', address: '172.20.1.1', node: 'node-1' };
const node2: Place = { kind: 'node', address: '172.20.1.2', node: 'node-2' };
const tunnel1: Place = { kind: 'node', address: '10.244.1.0', node: 'node-1' };
const tunnel2: Place = { kind: 'node', address: '10.244.2.0', node: 'node-2' };
const outside: Place = { kind: 'external', address: '203.0.113.10' };
const clusterIP = { kind: 'cluster-ip', node: 'node-1' } as const;
const nodePort = { kind: 'node-port', node: 'node-1' } as const;

const cases: readonly [string, SourceQuestion, string][] = [
  [
    'a pod is seen by its own address on the same node',
    { source: podA, destination: podOnSameNode },
    '10.244.1.7',
  ],
  [
    'a pod is seen by its own address on another node',
    { source: podA, destination: podElsewhere },
    '10.244.1.7',
  ],
  ['a pod is masqueraded towards the outside', { source: podA, destination: outside }, '172.20.1.1'],
  ['a pod is masqueraded towards another node', { source: podA, destination: node2 }, '172.20.1.1'],
  ['a pod is seen as it is by its own node', { source: podA, destination: node1 }, '10.244.1.7'],
  ['a pod is seen as it is at a tunnel address', { source: podA, destination: tunnel2 }, '10.244.1.7'],
  ['a node is seen by its tunnel address at a tunnel', { source: node1, destination: tunnel2 }, '10.244.1.0'],
  ['a node at its own tunnel is seen by it', { source: node1, destination: tunnel1 }, '10.244.1.0'],
  ['a node is seen by its primary address on itself', { source: node1, destination: podA }, '172.20.1.1'],
  [
    'a node is seen by its tunnel address elsewhere',
    { source: node1, destination: podElsewhere },
    '10.244.1.0',
  ],
  ['a node is seen by its primary address by a node', { source: node1, destination: node2 }, '172.20.1.1'],
  ['a Service keeps a pod', { source: podA, destination: podElsewhere, service: clusterIP }, '10.244.1.7'],
  [
    'a pod that is its own backend is masqueraded',
    { source: podA, destination: podA, service: clusterIP },
    '172.20.1.1',
  ],
  [
    'a node is masqueraded by a Service',
    { source: node1, destination: podElsewhere, service: clusterIP },
    '10.244.1.0',
  ],
  [
    'a node port masquerades to a local pod',
    { source: outside, destination: podA, service: nodePort },
    '172.20.1.1',
  ],
  [
    'a node port masquerades across nodes',
    { source: outside, destination: podElsewhere, service: nodePort },
    '10.244.1.0',
  ],
  [
    'a node port masquerades pods too',
    { source: podA, destination: podOnSameNode, service: nodePort },
    '172.20.1.1',
  ],
  [
    'a host-network backend behind its own node port sees the client',
    { source: outside, destination: node1, service: nodePort },
    '203.0.113.10',
  ],
  [
    'a host-network backend of the node that asks sees its primary address',
    { source: node1, destination: node1, service: clusterIP },
    '172.20.1.1',
  ],
  [
    'a host-network backend elsewhere sees the node',
    { source: outside, destination: node2, service: nodePort },
    '172.20.1.1',
  ],
];

for (const [name, question, expected] of cases) {
  test(name, () =>
    assert.equal(sourceSeen({ places, config: defaultNetworkConfig, networkSpace: [] }, question), expected),
  );
}

test('a node that is not known has no address', () => {
  assert.equal(
    sourceSeen(
      { places, config: defaultNetworkConfig, networkSpace: [] },
      {
        source: { kind: 'node', address: '172.20.1.9', node: 'node-9' },
        destination: podA,
      },
    ),
    undefined,
  );
});

test('a dual-stack node speaks from its address of the family that is spoken', () => {
  const four = places.get('node-1');
  assert.ok(four);
  const secondary = { address: 'fd00::1', podCidr: 'fd00:10:244:1::/64', tunnelAddress: 'fd00:10:244:1::' };
  const network = {
    places: new Map([['node-1', { ...four, secondary }]]),
    config: networkConfigOf(undefined, ['IPv4', 'IPv6']),
    networkSpace: [],
  };
  const pod: Place = { kind: 'pod', address: 'fd00:10:244:1::7', node: 'node-1' };
  const far: Place = { kind: 'pod', address: 'fd00:10:244:2::7', node: 'node-2' };
  const out: Place = { kind: 'external', address: '2001:db8::1' };
  const node: Place = { kind: 'node', address: '172.20.1.1', node: 'node-1' };
  assert.equal(sourceSeen(network, { source: pod, destination: out }), 'fd00::1');
  assert.equal(sourceSeen(network, { source: node, destination: far }), 'fd00:10:244:1::');
  assert.equal(sourceSeen(network, { source: node, destination: pod, service: clusterIP }), 'fd00::1');
});
