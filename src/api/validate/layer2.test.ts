import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validateObject } from './validate.ts';

const problemsOf = (kind: string, spec: object, name = 'a'): string[] =>
  validateObject({ apiVersion: 'weft.dev/v1alpha1', kind, metadata: { name }, spec }).map(
    ({ path, message }) => `${path}: ${message}`,
  );

test('a segment may have no addresses, and those that it has are of its prefix', () => {
  assert.deepEqual(problemsOf('Segment', { vlan: 4094 }), []);
  const whole = {
    prefix: '192.168.20.0/24',
    gateway: '192.168.20.1',
    dhcp: { range: '192.168.20.100-192.168.20.199' },
  };
  assert.deepEqual(problemsOf('Segment', whole), []);
  const outside = { ...whole, gateway: '192.168.21.1', pools: [{ name: 'p', range: '192.168.20.0/23' }] };
  assert.deepEqual(problemsOf('Segment', outside), [
    'spec.gateway: Invalid value: "192.168.21.1": must be an address of spec.prefix',
    'spec.pools[0].range: Invalid value: "192.168.20.0/23": must be within spec.prefix',
  ]);
  assert.deepEqual(problemsOf('Segment', { vlan: 4095, gateway: '192.168.20.1' }), [
    'spec.gateway: Forbidden: needs spec.prefix, of which it is a part',
    'spec.vlan: Invalid value: 4095: must be between 1 and 4094, inclusive',
  ]);
});

test('a DHCP server is on the segment, beside the gateway', () => {
  const withServer = (server: string, more: object = {}): string[] =>
    problemsOf('Segment', {
      prefix: '192.168.20.0/24',
      gateway: '192.168.20.1',
      dhcp: { range: '192.168.20.100-192.168.20.199', server, ...more },
    });
  assert.deepEqual(withServer('192.168.20.2', { leaseSeconds: 10 }), []);
  for (const wrong of ['192.168.20.0', '192.168.20.255', '192.168.20.1', '192.168.21.2']) {
    assert.deepEqual(withServer(wrong), [
      `spec.dhcp.server: Invalid value: "${wrong}": must be a usable address of spec.prefix, and not spec.gateway`,
    ]);
  }
  assert.match(withServer('fd00::2')[0] ?? '', /must be an IPv4 address: DHCP is of IPv4/);
  assert.match(withServer('here')[0] ?? '', /^spec\.dhcp\.server: /);
  assert.match(
    withServer('192.168.20.2', { leaseSeconds: 9 })[0] ?? '',
    /^spec\.dhcp\.leaseSeconds: .* between 10 and/,
  );
});

test('the addresses of load balancers are nobody else’s', () => {
  const spec = {
    prefix: '172.20.0.0/16',
    dhcp: { range: '172.20.192.1-172.20.192.254' },
    pools: [
      { name: 'nodes', range: '172.20.50.1-172.20.50.9' },
      { name: 'load-balancers', range: '172.20.50.9-172.20.50.20' },
    ],
  };
  assert.deepEqual(problemsOf('Segment', spec, 'default'), [
    'spec.pools[1].range: Invalid value: "172.20.50.9-172.20.50.20": must not overlap spec.pools[0].range, 172.20.50.1-172.20.50.9',
  ]);
});

test('an internal switch needs a prefix, and an external one has none of its own', () => {
  assert.deepEqual(problemsOf('VirtualSwitch', { type: 'external', uplink: 'office' }), []);
  assert.deepEqual(problemsOf('VirtualSwitch', { type: 'external', prefix: '10.0.0.0/24' }), [
    "spec.prefix: Forbidden: an external switch has the addresses of its uplink's segment",
  ]);
  assert.deepEqual(problemsOf('VirtualSwitch', { type: 'internal' }), [
    'spec.prefix: Required value: of the network behind an internal switch',
  ]);
});

test('the next hop of a route is not in its own destination, and the error says which destination was meant', () => {
  const route = { interface: 'Port3', destination: '192.168.21.0/24', nextHop: '192.168.20.1', metric: 100 };
  assert.deepEqual(problemsOf('NodeRoute', route), []);
  const [problem = ''] = problemsOf('NodeRoute', { ...route, destination: '192.168.20.0/24' });
  assert.match(
    problem,
    /^spec\.nextHop: .*the destination is 192\.168\.21\.0\/24 and not 192\.168\.20\.0\/24$/,
  );
  assert.equal(problemsOf('NodeRoute', { ...route, metric: 0 }).length, 1);
  assert.equal(problemsOf('NodeRoute', { ...route, destination: '192.168.21.7/24' }).length, 1);
});
