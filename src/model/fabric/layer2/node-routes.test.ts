import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeRoute } from '../../../api/types/layer2.ts';
import { parsePrefix } from '../../../lib/prefix.ts';
import { takenRoutes, type RoutedInterface } from './node-routes.ts';

const ranges = { podCidrs: ['172.27.0.0/16'], serviceCidrs: ['172.28.0.0/16'] };
const port2: RoutedInterface = {
  name: 'Port2',
  link: 'eth0',
  prefix: parsePrefix('172.20.0.0/16'),
  isStatic: true,
  gateway: '172.20.0.1',
};
const port3: RoutedInterface = {
  name: 'Port3',
  link: 'Port3',
  prefix: parsePrefix('192.168.20.0/24'),
  isStatic: true,
  gateway: undefined,
};

function route(name: string, spec: Partial<NodeRoute['spec']> = {}): NodeRoute {
  const whole = { interface: 'Port3', destination: '192.168.21.0/24', nextHop: '192.168.20.1', metric: 100 };
  return {
    apiVersion: 'weft.dev/v1alpha1',
    kind: 'NodeRoute',
    metadata: { name, creationTimestamp: `2026-01-01T00:00:0${name}Z` },
    spec: { ...whole, ...spec },
  };
}

const whyNot = (spec: Partial<NodeRoute['spec']>, nic: RoutedInterface = port3): string =>
  takenRoutes([port2, nic], [route('1', spec)], ranges).problems.get('1')?.message ?? '';

test('a route of an interface without a gateway is taken, with its metric', () => {
  const { routes, problems } = takenRoutes([port2, port3], [route('1'), route('2', { metric: 50 })], ranges);
  assert.deepEqual(problems, new Map());
  assert.deepEqual(
    routes.map(({ destination, via, metric, link }) => [destination, via, metric, link]),
    [
      ['192.168.21.0/24', '192.168.20.1', 100, 'Port3'],
      ['192.168.21.0/24', '192.168.20.1', 50, 'Port3'],
    ],
  );
});

test('an interface must be there, have its address for good, and no gateway', () => {
  assert.match(whyNot({ interface: 'Port9' }), /no interface Port9: the machine has Port2, Port3/);
  assert.match(whyNot({}, { ...port3, isStatic: false }), /Port3 has its address by DHCP/);
  assert.match(
    whyNot({ interface: 'Port2', nextHop: '172.20.0.9' }),
    /Port2 has a gateway \(172\.20\.0\.1\)/,
  );
});

test('the next hop is on the interface’s segment', () => {
  assert.match(whyNot({ nextHop: '192.168.22.1' }), /not on the segment of Port3, 192\.168\.20\.0\/24/);
});

test('nobody leads pods, Services or nodes another way; what is larger than they are does not', () => {
  for (const destination of ['172.27.3.0/24', '172.28.0.0/16', '172.20.1.1/32']) {
    assert.match(whyNot({ destination }), /is of the cluster's own/);
  }
  assert.equal(whyNot({ destination: '172.16.0.0/12' }), '');
  assert.equal(
    whyNot({ destination: '0.0.0.0/0', nextHop: '192.168.20.1' }),
    'next hop 192.168.20.1 is itself in the destination 0.0.0.0/0',
  );
});

test('of two routes between which nothing would choose, the older is taken', () => {
  const { routes, problems } = takenRoutes(
    [port3],
    [route('2', { nextHop: '192.168.20.2' }), route('1')],
    ranges,
  );
  assert.deepEqual(
    routes.map(({ via }) => via),
    ['192.168.20.1'],
  );
  assert.match(problems.get('2')?.message ?? '', /^1 has the same destination and metric/);
});
