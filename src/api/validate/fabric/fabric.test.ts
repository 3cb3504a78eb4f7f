import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resource } from '../../resources.ts';
import type { KubernetesObject } from '../../types/meta.ts';
import { validateObject } from '../validate.ts';
import { problemsAmong } from './among.ts';

const make = (kind: string, name: string, spec: object, status?: object): KubernetesObject => {
  const object = {
    apiVersion: 'weft.dev/v1alpha1',
    kind,
    metadata: { name },
    spec,
    ...(status && { status }),
  };
  return object;
};
const paths = (kind: string, spec: object, name = 'one'): string[] =>
  validateObject(make(kind, name, spec)).map(({ path }) => path);
const subnet = (name: string, prefix: string) => ({ name, prefix });
const space = ['10.0.0.0/16'];

test('a network with subnets that are parts of it is as it should be', () => {
  const subnets = [subnet('a', '10.0.0.0/24'), subnet('b', '10.0.1.0/29')];
  assert.deepEqual(
    paths('VirtualNetwork', { addressSpace: space, subnets, outbound: { portsPerInterface: 1024 } }),
    [],
  );
});

test('a network is refused for names that are too long, and ranges that overlap, are banned, too small or elsewhere', () => {
  const of = (...prefixes: string[]) =>
    paths('VirtualNetwork', { addressSpace: space, subnets: prefixes.map((one, i) => subnet(`s${i}`, one)) });
  assert.deepEqual(of('10.0.0.0/24', '10.0.0.128/25'), ['spec.subnets[1].prefix']);
  assert.deepEqual(of('10.0.0.0/30'), ['spec.subnets[0].prefix']);
  assert.deepEqual(of('10.1.0.0/24'), ['spec.subnets[0].prefix']);
  assert.deepEqual(of('10.0.0.1/24'), ['spec.subnets[0].prefix']);
  for (const banned of ['172.31.4.0/24', '172.16.0.0/12', '169.254.0.0/17', '192.0.2.0/28', 'fd00::/64']) {
    assert.deepEqual(paths('VirtualNetwork', { addressSpace: [banned] }), ['spec.addressSpace[0]'], banned);
  }
  assert.deepEqual(paths('VirtualNetwork', { addressSpace: ['10.0.0.0/16', '10.0.4.0/24'] }), [
    'spec.addressSpace[1]',
  ]);
  assert.deepEqual(paths('VirtualNetwork', { addressSpace: space }, 'n'.repeat(64)), ['metadata.name']);
  const long = [subnet('n'.repeat(64), '10.0.0.0/24')];
  assert.deepEqual(paths('VirtualNetwork', { addressSpace: space, subnets: long }), ['spec.subnets[0].name']);
  const ports = { addressSpace: space, outbound: { portsPerInterface: 1000, publicAddresses: 0 } };
  assert.deepEqual(paths('VirtualNetwork', ports), ['spec.outbound.publicAddresses']);
  assert.deepEqual(paths('VirtualNetwork', { addressSpace: space, outbound: { portsPerInterface: 1001 } }), [
    'spec.outbound.portsPerInterface',
  ]);
});

test('a route says where its next hop is, and not within where it leads', () => {
  const of = (...routes: object[]) => paths('RouteTable', { routes });
  const hop = {
    name: 'r',
    nextHopType: 'VirtualAppliance',
    prefix: '10.1.0.0/24',
    nextHopAddress: '10.0.2.4',
  };
  assert.deepEqual(of(hop, { ...hop, name: 'all', prefix: '0.0.0.0/0' }), []);
  assert.deepEqual(of({ ...hop, prefix: '10.0.2.0/24' }), ['spec.routes[0].nextHopAddress']);
  assert.deepEqual(of({ ...hop, nextHopAddress: undefined }), ['spec.routes[0].nextHopAddress']);
  assert.deepEqual(of({ ...hop, nextHopType: 'Internet' }), ['spec.routes[0].nextHopAddress']);
  assert.deepEqual(of({ ...hop, nextHopType: 'Elsewhere', nextHopAddress: undefined }), [
    'spec.routes[0].nextHopType',
  ]);
  assert.deepEqual(of(hop, hop), ['spec.routes[1].name', 'spec.routes[1].prefix']);
  const many = Array.from({ length: 401 }, (_, i) => ({
    ...hop,
    name: `r${i}`,
    prefix: `10.${1 + (i >> 8)}.${i & 255}.0/24`,
  }));
  assert.deepEqual(of(...many), ['spec.routes']);
  assert.deepEqual(of(...many.slice(0, 400)), []);
});

test('rules of a security group have priorities of their own, per direction, within the limits', () => {
  const rule = { name: 'a', priority: 100, direction: 'Inbound', access: 'Allow' };
  const of = (...rules: object[]) => paths('NetworkSecurityGroup', { rules });
  assert.deepEqual(
    of(rule, { ...rule, name: 'b', direction: 'Outbound' }, { ...rule, name: 'c', priority: 4096 }),
    [],
  );
  assert.deepEqual(of(rule, { ...rule, name: 'b' }), ['spec.rules[1].priority']);
  for (const priority of [99, 4097]) assert.deepEqual(of({ ...rule, priority }), ['spec.rules[0].priority']);
  const words = {
    sources: ['VirtualNetwork', 'Microsoft.Storage', '10.0.0.0/8', '1.2.3.4', '*'],
    destinationPorts: ['22', '80-90'],
  };
  assert.deepEqual(of({ ...rule, ...words }), []);
  const wrong = { sources: ['; drop'], destinationPorts: ['90-80', '70000', 'http'] };
  assert.deepEqual(of({ ...rule, ...wrong }), [
    'spec.rules[0].sources[0]',
    ...[0, 1, 2].map((index) => `spec.rules[0].destinationPorts[${index}]`),
  ]);
  const pinged = { ...rule, protocol: 'Icmp' };
  assert.deepEqual(of({ ...pinged, destinationPorts: ['*'] }), []);
  assert.deepEqual(of({ ...pinged, destinationPorts: ['80'] }), ['spec.rules[0].destinationPorts[0]']);
});

test('an interface of a machine is in one place', () => {
  const of = (one: object) => paths('VirtualMachine', { interfaces: [{ name: 'eth0', ...one }] });
  assert.deepEqual(of({ network: 'n', subnet: 's' }), []);
  assert.deepEqual(of({ segment: 's' }), []);
  assert.deepEqual(of({}), ['spec.interfaces[0]']);
  assert.deepEqual(of({ network: 'n', segment: 's', subnet: 's' }), ['spec.interfaces[0]']);
  assert.deepEqual(of({ network: 'n' }), ['spec.interfaces[0].subnet']);
  assert.deepEqual(of({ segment: 's', name: 'lo' }), ['spec.interfaces[0].name']);
});

test('a machine passes TCP connections on, to somebody', () => {
  const of = (port: object) =>
    paths('VirtualMachine', {
      interfaces: [{ name: 'eth0', network: 'n', subnet: 's' }],
      ports: [{ port: 80, ...port }],
    });
  assert.deepEqual(of({ forwardTo: { addresses: ['10.0.0.4', '10.0.0.5'], port: 30080 } }), []);
  assert.deepEqual(of({ forwardTo: { addresses: [], port: 0 } }), [
    'spec.ports[0].forwardTo.addresses',
    'spec.ports[0].forwardTo.port',
  ]);
  assert.deepEqual(of({ protocol: 'UDP', forwardTo: { addresses: ['pods'], port: 80 } }), [
    'spec.ports[0].forwardTo',
    'spec.ports[0].forwardTo.addresses[0]',
  ]);
});

test('sites, the internet and private zones are held to their rules', () => {
  const gateway = { network: 'hub' };
  assert.deepEqual(paths('Site', { prefixes: ['192.168.7.0/24'], gateway }), []);
  const still = { prefixes: ['192.168.7.0/24'], gateway, routing: 'static' };
  assert.deepEqual(paths('Site', still), []);
  assert.deepEqual(paths('Site', { ...still, type: 'expressRoute' }), ['spec.routing']);
  assert.deepEqual(paths('Site', { prefixes: ['192.168.7.0/24', '192.168.7.0/25'], gateway }), [
    'spec.prefixes[1]',
  ]);
  assert.deepEqual(paths('Internet', { services: [] }, 'other'), ['metadata.name']);
  const record = { name: 'db', type: 'A', values: ['10.0.0.4'] };
  assert.deepEqual(
    paths('PrivateDnsZone', { records: [record, { ...record, name: '@' }] }, 'corp.example'),
    [],
  );
  assert.deepEqual(paths('PrivateDnsZone', { records: [{ ...record, values: ['x'] }] }, 'corp.example'), [
    'spec.records[0].values[0]',
  ]);
});

const stored =
  (...objects: KubernetesObject[]) =>
  <T extends KubernetesObject>({ kind }: Resource<T>): T[] =>
    objects.filter((object) => object.kind === kind) as T[];
const among = (object: KubernetesObject, others: KubernetesObject[], previous?: KubernetesObject): string[] =>
  problemsAmong(object, stored(...others), previous).map(({ path, message }) => `${path}: ${message}`);
const hub = make('VirtualNetwork', 'hub', { addressSpace: space, subnets: [subnet('a', '10.0.1.0/24')] });
const machine = (name: string, ...addresses: string[]) =>
  make('VirtualMachine', name, { interfaces: [{ name: 'eth0', network: 'hub', subnet: 'a', addresses }] });

test('peered networks may not overlap, whichever comes last', () => {
  const spoke = make('VirtualNetwork', 'spoke', { addressSpace: ['10.1.0.0/16', '10.0.128.0/17'] });
  const peering = make('VirtualNetworkPeering', 'p', { networks: ['hub', 'spoke'] });
  const why = 'must not overlap 10.0.0.0/16 of the peered network hub';
  assert.deepEqual(among(peering, [hub, spoke]), [
    `spec.networks[1]: Invalid value: "10.0.128.0/17": ${why}`,
  ]);
  assert.deepEqual(among(spoke, [hub, peering]), [
    `spec.addressSpace[1]: Invalid value: "10.0.128.0/17": ${why}`,
  ]);
  assert.deepEqual(among(spoke, [hub]), [], 'networks that are not peered may');
});

test('a subnet cannot lose addresses that machines have', () => {
  const smaller = make('VirtualNetwork', 'hub', {
    addressSpace: space,
    subnets: [subnet('a', '10.0.1.0/28')],
  });
  const gone = make('VirtualNetwork', 'hub', { addressSpace: space });
  const others = [hub, machine('low', '10.0.1.4'), machine('high', '10.0.1.200')];
  assert.match(
    among(smaller, others, hub).join(),
    /^spec.subnets\[0\].prefix: .*10.0.1.200 of machine high must stay/,
  );
  assert.match(
    among(gone, others, hub).join(),
    /^spec.subnets: .*10.0.1.4 of machine low and 1 more must stay/,
  );
  assert.deepEqual(among(smaller, others.slice(0, 2), hub), []);
});

test('neither a smaller subnet nor a machine takes addresses that a node has for its pods', () => {
  const share = { name: 'node-1', uid: 'u', version: 1, addresses: ['10.0.1.10-10.0.1.40', '10.0.1.64/28'] };
  const held = make('SubnetAllocation', 'hub.a', { prefix: '10.0.1.0/24', nodes: [share] });
  const smaller = make('VirtualNetwork', 'hub', {
    addressSpace: space,
    subnets: [subnet('a', '10.0.1.0/27')],
  });
  assert.match(
    among(smaller, [hub, held], hub).join(),
    /10.0.1.10 to 10.0.1.40 of node node-1, for its pods, and 1 more must stay in the subnet a \(10.0.1.0\/24\)/,
  );
  const larger = make('VirtualNetwork', 'hub', {
    addressSpace: space,
    subnets: [subnet('a', '10.0.1.0/25')],
  });
  assert.deepEqual(among(larger, [hub, held], hub), []);
  for (const [address, isFree] of [
    ['10.0.1.9', true],
    ['10.0.1.10', false],
    ['10.0.1.66', false],
    ['10.0.1.80', true],
  ] as const) {
    const problems = among(machine('m', address), [hub, held]);
    assert.equal(problems.length === 0, isFree, address);
    if (!isFree) assert.match(problems.join(), /is the address of node node-1, for its pods$/);
  }
});

test('a machine asks for usable addresses of its subnet that nobody else has', () => {
  assert.deepEqual(among(machine('m', '10.0.1.4'), [hub]), []);
  for (const address of ['10.0.1.3', '10.0.1.255', '10.0.2.4']) {
    assert.match(
      among(machine('m', address), [hub]).join(),
      /^spec.interfaces\[0\].addresses\[0\]: /,
      address,
    );
  }
  assert.match(
    among(machine('m', '10.0.1.9'), [hub, machine('o', '10.0.1.9')]).join(),
    /is the address of machine o/,
  );
});

test('nobody around the nodes has addresses of Services, first or later ones, or of pods', () => {
  const cluster = stored(make('ClusterNetwork', 'default', { podCIDR: '10.244.0.0/16' }), {
    ...make('ServiceCIDR', 'more', { cidrs: ['10.60.0.0/24'] }),
    apiVersion: 'networking.k8s.io/v1',
  });
  const of = (kind: string, spec: object): string[] =>
    problemsAmong(make(kind, 'one', spec), cluster, undefined).map(({ path }) => path);
  assert.deepEqual(of('Segment', { prefix: '10.99.0.0/24' }), ['spec.prefix']);
  assert.deepEqual(of('VirtualSwitch', { type: 'internal', prefix: '10.244.9.0/24' }), ['spec.prefix']);
  assert.deepEqual(of('VirtualNetwork', { addressSpace: ['10.50.0.0/16', '10.60.0.0/16'] }), [
    'spec.addressSpace[1]',
  ]);
  assert.deepEqual(of('Segment', { prefix: '192.168.0.0/24' }), []);
});
