/**
 * Who reaches whom where virtual networks have a say, against the walk that `explain` tells.
 *
 *     default 172.20.0.0/16   nodes 172.20.0.0/17: node-1, node-2, node-3; machines 172.20.128.0/24: firewall .4, web .5
 *     spoke   10.1.0.0/16     apps 10.1.1.0/24: app .4, peered with default
 *     office  192.168.7.0/24  behind the gateway of default
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { SecurityRule, UserRoute } from '../../api/types/fabric.ts';
import { parseAddress } from '../../lib/address.ts';
import { machineEnds } from '../../model/fabric/machine-ends.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { NetworkModel } from '../../model/network/models.ts';
import { hasPort } from '../../model/policy/port-set.ts';
import { inRange } from '../../model/policy/ranges.ts';
import { diffReach } from '../diff/diff.ts';
import type { Flow } from '../flow.ts';
import { predict } from '../predict/predict.ts';
import { describeCluster } from '../testing/cluster.ts';
import { rowsOf, type Row } from '../testing/rows.ts';
import type { ReachEnd } from './answer.ts';
import { reach } from './reach.ts';

const object = (kind: string, name: string, spec: object): KubernetesObject => {
  const made = { apiVersion: 'weft.dev/v1alpha1', kind, metadata: { name }, spec };
  return made;
};

const machine = (name: string, where: string, address: string, more: object = {}): KubernetesObject => {
  const [network, subnet] = where.split('/');
  return object('VirtualMachine', name, {
    interfaces: [{ name: 'eth0', network, subnet, addresses: [address], ...more }],
  });
};

interface Around {
  readonly nodes?: object;
  readonly machines?: object;
  readonly apps?: object;
  readonly web?: object;
  readonly app?: object;
  readonly routes?: readonly UserRoute[];
  readonly rules?: readonly SecurityRule[];
}

/** Settings of subnets and of interfaces, the routes of table `rt` and the rules of group `g`. */
function surroundings({
  nodes,
  machines,
  apps,
  web,
  app,
  routes = [],
  rules = [],
}: Around): KubernetesObject[] {
  return [
    object('VirtualNetwork', 'default', {
      addressSpace: ['172.20.0.0/16'],
      subnets: [
        { name: 'nodes', prefix: '172.20.0.0/17', ...nodes },
        { name: 'machines', prefix: '172.20.128.0/24', ...machines },
      ],
    }),
    object('VirtualNetwork', 'spoke', {
      addressSpace: ['10.1.0.0/16'],
      subnets: [{ name: 'apps', prefix: '10.1.1.0/24', ...apps }],
    }),
    object('VirtualNetworkPeering', 'default-spoke', { networks: ['default', 'spoke'] }),
    object('Site', 'office', { prefixes: ['192.168.7.0/24'], gateway: { network: 'default' } }),
    object('Internet', 'default', { services: [{ name: 'store', prefixes: ['192.0.2.0/26'] }] }),
    object('RouteTable', 'rt', { routes }),
    object('NetworkSecurityGroup', 'g', { rules }),
    machine('firewall', 'default/machines', '172.20.128.4', { enableIPForwarding: true }),
    machine('web', 'default/machines', '172.20.128.5', web),
    machine('app', 'spoke/apps', '10.1.1.4', app),
  ];
}

const models = [
  'azure-cni',
  'azure-cni-overlay',
  'azure-cni-dynamic',
  'kubenet',
] as const satisfies readonly NetworkModel[];

function clusterOf(model: NetworkModel, around: Around): Cluster {
  const cluster = describeCluster({
    nodes: 3,
    pods: {
      'a/client': { node: 1, of: 'a', labels: { app: 'client' } },
      'a/other': { node: 1, of: 'a', labels: { app: 'client' } },
      'a/far': { node: 2, of: 'a', labels: { app: 'client' } },
      'a/db': { node: 3, labels: { app: 'db' } },
      'a/host': { node: 2, hostNetwork: true },
    },
    policies: {
      'a/db': {
        podSelector: { matchLabels: { app: 'db' } },
        policyTypes: ['Ingress'],
        ingress: [
          {
            from: [{ podSelector: {} }, { ipBlock: { cidr: '172.20.128.0/24' } }],
            ports: [{ port: 80 }, { port: 5432 }],
          },
        ],
      },
    },
  });
  const isOfNetwork = model === 'azure-cni' || model === 'azure-cni-dynamic';
  const pods = [...cluster.pods].map(([key, pod], index) => {
    const isMoved = isOfNetwork && pod.spec.hostNetwork !== true;
    return [key, isMoved ? { ...pod, status: { podIP: `172.20.2.${index + 1}` } } : pod] as const;
  });
  const objects = surroundings(around);
  const ofKind = <T>(kind: string): T[] => objects.filter((one) => one.kind === kind) as unknown as T[];
  return {
    ...cluster,
    config: { ...cluster.config, model },
    pods: new Map(pods),
    surroundings: objects,
    machines: machineEnds(ofKind('VirtualMachine'), ofKind('Site'), cluster.nodes),
  };
}

const isEnd = (end: ReachEnd, name: string): boolean => {
  if (typeof end === 'string') return end === name || (end === 'internet' && /^\d/.test(name));
  const address = parseAddress(name);
  return address !== undefined && inRange(end, address);
};

/** Whether rows and walk say the same of a flow, which nobody need answer. */
function difference(
  cluster: Cluster,
  rows: readonly Row[],
  { from, to, port }: { readonly from: string; readonly to: string; readonly port: number },
): string[] {
  const end = (name: string): Flow['source'] => {
    if (name.startsWith('a/')) return { kind: 'pod', key: name };
    const known = cluster.machines?.get(name)?.addresses[0];
    return known === undefined
      ? { kind: 'address', address: name }
      : { kind: 'address', address: known, machine: name };
  };
  // What has no ports is asked for at none.
  const protocol = port === 0 ? 'other' : 'TCP';
  const { verdict } = predict(cluster, { source: end(from), destination: end(to), protocol, port });
  const isPredicted = verdict === 'allowed' || verdict === 'refused';
  const told = rows.filter((row) => isEnd(row.source, from) && isEnd(row.destination, to));
  // A public service that differs has a row beside that of the internet.
  const own = told.find((row) => typeof row.destination !== 'string') ?? told[0];
  const isOpen = own !== undefined && hasPort(own.ports, protocol, port);
  return isOpen === isPredicted ? [] : [`${from} -> ${to}:${port} ${verdict}, told ${isOpen}`];
}

const pods = ['a/client', 'a/other', 'a/far', 'a/db', 'a/host'];
const machines = ['vm:firewall', 'vm:web', 'vm:app', 'site:office'];
const outside = ['203.0.113.10', '192.0.2.5', '198.51.100.7'];

function differences(cluster: Cluster): string[] {
  const rows = rowsOf(cluster);
  const ends = [...pods, ...machines];
  const pairs = ends.flatMap((from) => {
    const others = ends.filter((to) => to !== from);
    return [...others, ...(pods.includes(from) ? outside : [])].map((to) => [from, to] as const);
  });
  return pairs.flatMap(([from, to]) =>
    [80, 443, 5432, 0].flatMap((port) => difference(cluster, rows, { from, to, port })),
  );
}

const prefixes = [
  '0.0.0.0/0',
  '172.20.0.0/16',
  '172.20.0.0/17',
  '172.20.128.5/32',
  '172.20.2.2/32',
  '10.1.0.0/16',
  '192.168.7.0/24',
  '192.0.2.0/24',
  '10.244.2.0/24',
  '10.244.0.0/16',
];
const route: fc.Arbitrary<UserRoute> = fc
  .oneof(
    fc.record({
      prefix: fc.constantFrom(...prefixes),
      nextHopType: fc.constantFrom('None', 'Internet', 'VNetLocal', 'VirtualNetworkGateway'),
    }),
    fc.record({
      prefix: fc.constantFrom(...prefixes),
      nextHopType: fc.constant('VirtualAppliance' as const),
      nextHopAddress: fc.constantFrom('172.20.128.4', '172.20.128.5', '172.20.1.2', '172.20.128.9'),
    }),
  )
  .map((one) => ({ name: one.prefix.replaceAll(/[./]/g, '-'), ...one }));
const addresses = fc.option(
  fc.subarray(
    [
      '*',
      'VirtualNetwork',
      'Internet',
      'store',
      '172.20.1.1',
      '10.1.0.0/16',
      '172.20.128.0/24',
      '10.244.1.0/24',
      '172.20.2.0/30',
      '192.168.7.1',
    ],
    { minLength: 1 },
  ),
  { nil: undefined },
);
const securityRule = fc.record({
  direction: fc.constantFrom('Inbound' as const, 'Outbound' as const),
  access: fc.constantFrom('Allow' as const, 'Deny' as const),
  protocol: fc.constantFrom('Any' as const, 'Tcp' as const, 'Udp' as const),
  sources: addresses,
  destinations: addresses,
  destinationPorts: fc.option(fc.subarray(['80', '400-500', '5432'], { minLength: 1 }), { nil: undefined }),
});
const settings = fc.record(
  { routeTable: fc.constant('rt'), networkSecurityGroup: fc.constant('g') },
  { requiredKeys: [] },
);
const group = fc.record(
  { networkSecurityGroup: fc.constant('g'), enableIPForwarding: fc.boolean(), masquerade: fc.boolean() },
  { requiredKeys: [] },
);
const around: fc.Arbitrary<Around> = fc.record({
  nodes: settings,
  machines: settings,
  apps: settings,
  web: group,
  app: group,
  routes: fc.uniqueArray(route, { selector: ({ prefix }) => prefix, maxLength: 4 }),
  rules: fc.array(securityRule, { maxLength: 5 }).map((rules) =>
    rules.map(({ sources, destinations, destinationPorts, ...one }, index) => ({
      ...one,
      ...(sources && { sources }),
      ...(destinations && { destinations }),
      ...(destinationPorts && { destinationPorts }),
      name: `r${index}`,
      priority: 100 + index,
    })),
  ),
});

test('every pair of pods, machines and sites is told as the walk of its packets says', () => {
  const check = (model: NetworkModel, world: Around): void => {
    assert.deepEqual(differences(clusterOf(model, world)), []);
  };
  const runs = { numRuns: Number(process.env['WEFT_REACH_WORLDS'] ?? 40), seed: 20_261_122 };
  fc.assert(fc.property(fc.constantFrom(...models), around, check), runs);
});

const toInternet: SecurityRule = {
  name: 'https',
  priority: 100,
  direction: 'Outbound',
  access: 'Allow',
  protocol: 'Tcp',
  destinations: ['Internet'],
  destinationPorts: ['443'],
};
const nothingElse: SecurityRule = {
  name: 'nothing-else',
  priority: 200,
  direction: 'Outbound',
  access: 'Deny',
  destinations: ['Internet'],
};
const guarded = (...rules: SecurityRule[]): Around => ({ nodes: { networkSecurityGroup: 'g' }, rules });

const told = (cluster: Cluster, from: string): string[] =>
  reach(cluster, { focus: { from } }).connections.map(
    ({ source, destination, ports }) => `${source} => ${destination} : ${ports.join(', ')}`,
  );

test('security groups narrow what policies open, towards the internet as one end', () => {
  assert.deepEqual(told(clusterOf('azure-cni', guarded(toInternet, nothingElse)), 'a/a'), [
    'a/a[Deployment] => internet : TCP 443',
    'a/a[Deployment] => site:office : all',
    'a/a[Deployment] => vm:app : all',
    'a/a[Deployment] => vm:firewall : all',
    'a/a[Deployment] => vm:web : all',
    'a/a[Deployment] => a/db[Pod] : TCP 80, TCP 5432',
    'a/a[Deployment] => a/host[Pod] : all',
  ]);
});

test('an address is told as whoever has it', () => {
  const cluster = clusterOf('azure-cni', guarded(toInternet, nothingElse));
  const asked = (to: string): string[] =>
    reach(cluster, { focus: { from: 'a/a', to } }).connections.map(({ destination }) => destination);
  assert.deepEqual(asked('198.51.100.7'), ['internet']);
  assert.deepEqual(asked('172.20.128.5'), ['vm:web']);
  assert.deepEqual(asked('192.168.7.9'), ['site:office']);
});

test('pods of one workload on several nodes are told apart where networks close what is between these', () => {
  const closed: SecurityRule = { name: 'no', priority: 100, direction: 'Inbound', access: 'Deny' };
  const { connections, unknown } = reach(clusterOf('azure-cni', guarded(closed)), {
    focus: { from: 'a/a', to: 'a/host' },
  });
  assert.deepEqual(
    connections.map(({ ports }) => ports),
    [['all']],
  );
  assert.deepEqual(
    unknown.map(({ why }) => why),
    ['it depends on the nodes: all where both are on one node, nothing between nodes'],
  );
});

test('a rule and a route that let a connection through are told with the others', () => {
  const cluster = clusterOf('azure-cni-dynamic', {
    ...guarded(toInternet, nothingElse),
    nodes: { networkSecurityGroup: 'g', routeTable: 'rt' },
    routes: [
      { name: 'out', prefix: '10.1.0.0/16', nextHopType: 'VirtualAppliance', nextHopAddress: '172.20.128.4' },
    ],
  });
  const because = (to: string): string[] =>
    reach(cluster, { level: 'pod', explained: {}, focus: { from: 'a/client', to } }).connections.flatMap(
      (one) => (one.because ?? []).map(({ stage, object, rule }) => `${stage} ${object} ${rule}`),
    );
  const egress = 'egress Pod a/client no policy isolates it for egress';
  assert.deepEqual(because('internet'), [egress, 'security NetworkSecurityGroup g spec.rules[0]']);
  assert.deepEqual(because('vm:app'), [
    egress,
    'security NetworkSecurityGroup g default rule AllowVnetOutBound',
    'route RouteTable rt spec.routes[0]',
  ]);
});

test('diff tells what a changed rule and a changed route open and close', () => {
  const changes = (before: Around, after: Around): string[] =>
    diffReach(clusterOf('azure-cni', before), clusterOf('azure-cni', after))
      .connections.filter(({ source }) => source === 'a/a[Deployment]')
      .map(({ change, destination, before, after }) =>
        [change, destination, before?.ports.join(), '->', after?.ports.join()].join(' '),
      );
  const own: UserRoute = { name: 'db', prefix: '172.20.2.4/32', nextHopType: 'None' };
  assert.deepEqual(changes(guarded(nothingElse), guarded(toInternet, nothingElse)), [
    'added internet  -> TCP 443',
  ]);
  const cut: UserRoute = { name: 'spoke', prefix: '10.1.0.0/16', nextHopType: 'None' };
  const routed = (...routes: UserRoute[]): Around => ({ nodes: { routeTable: 'rt' }, routes });
  assert.deepEqual(changes(routed(), routed(cut)), ['removed vm:app all -> ']);
  assert.deepEqual(changes(routed(), routed(own)), ['removed a/db[Pod] TCP 80,TCP 5432 -> ']);
  assert.deepEqual(changes(routed(cut), routed(cut)), []);
});
