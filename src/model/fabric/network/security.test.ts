import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkSecurityGroup, SecurityRule } from '../../../api/types/fabric.ts';
import { buildWorld } from './build-world.ts';
import type { NetworkInterface } from './world.ts';
import { decidingRule, resolvedRules, type JudgedFlow } from './security.ts';

const apiVersion = 'weft.dev/v1alpha1';
const named = (name: string) => ({ apiVersion, kind: '', metadata: { name } });

/** Of an overlay, with the block of its pods. */
const node = (network: string, block: string): NetworkInterface => ({
  id: `${network}/eth0`,
  machine: network,
  netns: network,
  name: 'eth0',
  network,
  subnet: 'one',
  addresses: [],
  assigned: [],
  forwards: false,
  domain: { name: 'cluster', blocks: [block] },
});

const world = buildWorld(
  {
    networks: [
      {
        ...named('hub'),
        spec: {
          addressSpace: ['10.0.0.0/16'],
          subnets: [{ name: 'one', prefix: '10.0.1.0/24', routeTable: 'rt' }],
        },
      },
      { ...named('spoke'), spec: { addressSpace: ['10.1.0.0/16'] } },
    ],
    peerings: [{ ...named('p'), spec: { networks: ['hub', 'spoke'] } }],
    routeTables: [
      { ...named('rt'), spec: { routes: [{ name: 'pods', prefix: '10.244.0.0/16', nextHopType: 'None' }] } },
    ],
    sites: [{ ...named('office'), spec: { prefixes: ['192.168.0.0/24'], gateway: { network: 'hub' } } }],
  },
  [node('hub', '10.245.0.0/24'), node('spoke', '10.245.1.0/24')],
);
const rule = (name: string, priority: number, more: Partial<SecurityRule>): SecurityRule => ({
  name,
  priority,
  direction: 'Inbound',
  access: 'Allow',
  ...more,
});
const deciding = (
  rules: SecurityRule[],
  flow: Partial<JudgedFlow>,
  direction: SecurityRule['direction'] = 'Inbound',
) => {
  const group: NetworkSecurityGroup = { ...named('g'), spec: { rules } };
  const resolved = resolvedRules(world, group, { place: { network: 'hub', subnet: 'one' }, direction });
  const whole = {
    protocol: 'TCP',
    source: '10.0.1.4',
    destination: '10.0.1.5',
    destinationPort: 80,
    ...flow,
  } as const;
  return decidingRule(resolved, whole)?.name;
};

test('without rules of its own, a group lets in what is of the virtual network, and out what it is asked for', () => {
  for (const source of ['10.0.9.9', '10.1.0.4', '192.168.0.7', '10.244.0.7', '10.245.0.9', '168.63.129.16']) {
    assert.equal(deciding([], { source }), 'AllowVNetInBound', source);
  }
  assert.equal(deciding([], { source: '10.245.1.9' }), 'DenyAllInBound');
  assert.equal(deciding([], { source: '203.0.113.10' }), 'DenyAllInBound');
  assert.equal(deciding([], { destination: '203.0.113.10' }, 'Outbound'), 'AllowInternetOutBound');
  assert.equal(deciding([], { destination: '10.1.0.9' }, 'Outbound'), 'AllowVnetOutBound');
});

test('the lowest priority that matches decides, in whatever order rules are written', () => {
  const rules = [
    rule('later', 300, { access: 'Deny' }),
    rule('first', 200, { protocol: 'Tcp', destinationPorts: ['22', '8000-8999'] }),
  ];
  assert.equal(deciding(rules, { destinationPort: 8500 }), 'first');
  assert.equal(deciding(rules, { destinationPort: 8500, protocol: 'UDP' }), 'later');
  assert.equal(deciding(rules, { destinationPort: 80 }), 'later');
});

test('addresses, prefixes and tags say who is meant', () => {
  const rules = [
    rule('one', 100, { sources: ['10.0.1.9'] }),
    rule('some', 101, { sources: ['10.1.0.0/24', 'Internet'], access: 'Deny' }),
    rule('probe', 102, { sources: ['AzureLoadBalancer'] }),
  ];
  assert.equal(deciding(rules, { source: '10.0.1.9' }), 'one');
  assert.equal(deciding(rules, { source: '10.1.0.4' }), 'some');
  assert.equal(deciding(rules, { source: '8.8.8.8' }), 'some');
  assert.equal(deciding(rules, { source: '168.63.129.16' }), 'probe');
  assert.equal(deciding(rules, { source: '10.1.1.4' }), 'AllowVNetInBound');
});
