import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkModel } from '../../model/network/models.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { defaultNetworkConfig } from '../../model/network/config.ts';
import { defaultNetworkObjects } from '../../model/fabric/network/default-network.ts';
import { describeCluster } from '../testing/cluster.ts';
import { ignoreAnnotation, lint } from './lint.ts';

/*
 *     hub   10.0.0.0/16   apps 10.0.1.0/24    left 10.0.2.0/24: machine left 10.0.2.4    right 10.0.3.0/24: right 10.0.3.4
 *     far   10.1.0.0/16   edge 10.1.1.0/24: machine far 10.1.1.4
 */
type Tables = Readonly<Record<string, readonly (readonly [prefix: string, hop: string])[]>>;

function object(kind: string, name: string, spec: object): KubernetesObject {
  const made = { apiVersion: 'weft.dev/v1alpha1', kind, metadata: { name }, spec };
  return made;
}

function network(name: string, space: string, subnets: Readonly<Record<string, string>>): KubernetesObject {
  return object('VirtualNetwork', name, {
    addressSpace: [space],
    subnets: Object.entries(subnets).map(([subnet, prefix]) => ({
      name: subnet,
      prefix,
      routeTable: subnet,
    })),
  });
}

const forwarder = (name: string, where: string, address: string): KubernetesObject => {
  const [in_, subnet] = where.split('/');
  const one = { name: 'eth0', network: in_, subnet, addresses: [address], enableIPForwarding: true };
  return object('VirtualMachine', name, { interfaces: [one] });
};

const machines = [
  network('hub', '10.0.0.0/16', { apps: '10.0.1.0/24', left: '10.0.2.0/24', right: '10.0.3.0/24' }),
  network('far', '10.1.0.0/16', { edge: '10.1.1.0/24' }),
  forwarder('left', 'hub/left', '10.0.2.4'),
  forwarder('right', 'hub/right', '10.0.3.4'),
  forwarder('far', 'far/edge', '10.1.1.4'),
];

/** Tables by the name of the subnet that has them, their routes called r0, r1... */
function tablesOf(tables: Tables): KubernetesObject[] {
  return Object.entries(tables).map(([name, routes]) =>
    object('RouteTable', name, {
      routes: routes.map(([prefix, nextHopAddress], index) => ({
        name: `r${index}`,
        prefix,
        nextHopType: 'VirtualAppliance',
        nextHopAddress,
      })),
    }),
  );
}

function told(surroundings: readonly KubernetesObject[], model: NetworkModel = 'azure-cni'): string[] {
  const cluster = describeCluster({});
  const config = { ...defaultNetworkConfig, model };
  return lint({ ...cluster, config, surroundings }, { sourceOf: () => undefined }).findings.map(
    ({ rule, object: { key }, path, message }) =>
      `${rule.id} ${key} ${path.replace(/^spec\.|\.nextHopAddress$/g, '')}: ${message}`,
  );
}

test('two appliances that send to each other are told once, with the whole way, and whoever comes into it', () => {
  const tables = tablesOf({
    apps: [['0.0.0.0/0', '10.0.2.4']],
    left: [['10.8.0.0/16', '10.0.3.4']],
    right: [['10.8.4.0/24', '10.0.2.4']],
  });
  assert.deepEqual(told([...machines, ...tables]), [
    'WL036 left routes[0]: packets for 10.8.4.0 go round: to right (RouteTable left, r0), ' +
      'to left (RouteTable right, r0), to right',
  ]);
});

test('a more specific route out of the circle is no circle, nor is a way that ends at an appliance', () => {
  const out = tablesOf({
    left: [['10.8.0.0/16', '10.0.3.4']],
    right: [['10.8.4.0/24', '10.0.2.4']],
  });
  const leaving = object('RouteTable', 'left', {
    routes: [
      { name: 'on', prefix: '10.8.0.0/16', nextHopType: 'VirtualAppliance', nextHopAddress: '10.0.3.4' },
      { name: 'out', prefix: '10.8.4.0/24', nextHopType: 'Internet' },
    ],
  });
  assert.deepEqual(
    told([...machines, leaving, ...out.filter(({ metadata }) => metadata.name === 'right')]),
    [],
  );
});

test('an appliance may be in the network that every lab has and nobody describes', () => {
  const tables = tablesOf({ apps: [['10.8.0.0/16', '172.20.128.4']] });
  const peering = object('VirtualNetworkPeering', 'hub', { networks: ['hub', 'default'] });
  const there = forwarder('there', 'default/machines', '172.20.128.4');
  for (const model of ['azure-cni', 'kubenet', 'calico'] as const) {
    assert.deepEqual(told([...machines, ...tables, peering, there], model), [], model);
    assert.match(told([...machines, ...tables, peering], model).join(), /^WL034 apps/, model);
  }
});

test('nothing is said of appliances that may be in a network of which only the name is known', () => {
  const tables = tablesOf({ apps: [['10.8.0.0/16', '10.50.0.4']] });
  const peering = object('VirtualNetworkPeering', 'hub', { networks: ['hub', 'elsewhere'] });
  assert.deepEqual(told([...machines, ...tables, peering]), []);
});

test('a way by an appliance that answers do not take is told once, and not where both lead there or it puts its own address in', () => {
  const there = { apps: [['10.0.3.0/24', '10.0.2.4']] } as const;
  const oneWay =
    'WL040 apps routes[0]: packets from subnet hub/apps to subnet hub/right pass left, and answers do not';
  assert.deepEqual(told([...machines, ...tablesOf(there)]), [oneWay]);
  assert.deepEqual(told([...machines, ...tablesOf({ ...there, right: [['10.0.1.0/24', '10.0.2.4']] })]), []);
  // Answers to a part of the subnet go around it.
  const partly = { ...there, right: [['10.0.1.128/25', '10.0.2.4']] } as const;
  assert.deepEqual(told([...machines, ...tablesOf(partly)]), [oneWay]);
  const masquerading = object('VirtualMachine', 'left', {
    interfaces: [
      {
        name: 'eth0',
        network: 'hub',
        subnet: 'left',
        addresses: ['10.0.2.4'],
        enableIPForwarding: true,
        masquerade: true,
      },
    ],
  });
  const others = machines.filter(({ metadata }) => metadata.name !== 'left');
  assert.deepEqual(told([...others, masquerading, ...tablesOf(there)]), []);
});

test('a rule of a security group that another one hides is told, by what it is about', () => {
  const rule = (name: string, priority: number, more: object): object => ({
    name,
    priority,
    direction: 'Inbound',
    access: 'Allow',
    ...more,
  });
  const group = (...rules: object[]): KubernetesObject => object('NetworkSecurityGroup', 'g', { rules });
  const isTold = (...rules: object[]): string[] =>
    told([...machines, group(...rules)]).filter((text) => text.startsWith('WL041'));
  const wide = rule('wide', 100, {
    access: 'Deny',
    sources: ['10.0.0.0/8'],
    destinationPorts: ['80-90', '443'],
  });
  const narrow = { sources: ['10.1.2.3', '10.4.0.0/16'], protocol: 'Tcp', destinationPorts: ['85', '443'] };
  assert.deepEqual(isTold(rule('narrow', 200, narrow), wide), [
    'WL041 g rules[0]: rule narrow (200) is never asked: wide (100) denies all that it is about',
  ]);
  for (const more of [
    { direction: 'Outbound' },
    { sources: ['10.1.2.3', '11.0.0.1'] },
    { sources: ['VirtualNetwork'] },
    { destinationPorts: ['90-91'] },
    { destinationPorts: ['*'] },
    { priority: 50 },
  ]) {
    assert.deepEqual(isTold(rule('narrow', 200, { ...narrow, ...more }), wide), [], JSON.stringify(more));
  }
  assert.deepEqual(isTold(rule('narrow', 200, narrow), { ...wide, protocol: 'Udp' }), []);
});

test('an appliance with two interfaces sends on by the one whose subnet the packet is for', () => {
  const both = object('VirtualMachine', 'left', {
    interfaces: ['left', 'right'].map((subnet, index) => ({
      name: `eth${index}`,
      network: 'hub',
      subnet,
      addresses: [subnet === 'left' ? '10.0.2.4' : '10.0.3.9'],
      enableIPForwarding: true,
    })),
  });
  const others = machines.filter(({ metadata }) => metadata.name !== 'left');
  const back = tablesOf({ left: [['10.0.3.0/24', '10.0.2.4']] });
  const circles = (objects: readonly KubernetesObject[]): number =>
    told(objects).filter((text) => text.startsWith('WL036')).length;
  assert.equal(circles([...machines, ...back]), 1);
  assert.equal(circles([...others, both, ...back]), 0);
});

test('an appliance of another network is somebody where the networks are peered', () => {
  const tables = tablesOf({ apps: [['10.8.0.0/16', '10.1.1.4']] });
  assert.deepEqual(told([...machines, ...tables]), [
    'WL034 apps routes[0]: nobody whom VirtualNetwork hub reaches has 10.1.1.4: packets for 10.8.0.0/16 are dropped',
  ]);
  const peering = object('VirtualNetworkPeering', 'hub-far', { networks: ['hub', 'far'] });
  assert.deepEqual(told([...machines, peering, ...tables]), []);
});

test('nodes of kubenet forward to their own pods, and send on what is for others', () => {
  const routes = tablesOf({
    nodes: [
      ['10.244.1.0/24', '172.20.1.1'],
      ['10.244.2.0/24', '172.20.1.2'],
    ],
  });
  const world = defaultNetworkObjects('kubenet').filter(({ kind }) => kind !== 'RouteTable');
  assert.deepEqual(told([...world, ...routes], 'kubenet'), []);
  const wrong = tablesOf({ nodes: [['10.244.1.0/24', '172.20.1.2']] });
  assert.deepEqual(told([...world, ...wrong], 'kubenet'), [
    'WL036 nodes routes[0]: packets for 10.244.1.0 go round: to node-2 (RouteTable nodes, r0), to node-2',
  ]);
});

test('a table can ask for a finding to be left out, and one that no subnet names is not looked at', () => {
  const [table] = tablesOf({ apps: [['10.8.0.0/16', '10.9.9.9']] });
  assert.ok(table);
  const annotations = { [ignoreAnnotation]: 'WL034' };
  assert.deepEqual(told([...machines, { ...table, metadata: { name: 'apps', annotations } }]), []);
  assert.deepEqual(told([...machines, { ...table, metadata: { name: 'spare' } }]), []);
});

test('policies are told to have no effect in models that enforce none, unless somebody else may', () => {
  const cluster = describeCluster({
    policies: { 'a/p': { podSelector: {} } },
    clusterPolicies: { all: { tier: 'Admin', priority: 1, subject: { namespaces: {} } } },
  });
  const kindsIn = (model: NetworkModel): string[] =>
    lint({ ...cluster, config: { ...defaultNetworkConfig, model } }, { sourceOf: () => undefined })
      .findings.filter(({ rule }) => rule.id === 'WL037')
      .map(({ object: { kind } }) => kind);
  for (const model of ['flannel', 'kubenet'] as const)
    assert.deepEqual(kindsIn(model), ['NetworkPolicy', 'ClusterNetworkPolicy']);
  for (const model of ['calico', 'azure-cni-overlay', 'none'] as const) assert.deepEqual(kindsIn(model), []);
});
