/**
 * Who reaches whom over segments, against the walk that `explain` tells.
 *
 *     internet - router - default - node-1 - (Port3) - cameras 192.168.20.0/24 - gate - sensors 192.168.21.0/24 - sensor
 *                  |         |                         recorder .5, net1 of pods
 *         office 192.168.30.0/24   iot, behind one address of default
 *         desk, net2 of pods       runtime
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { MultiNetworkPolicy } from '../../api/types/layer2.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicySpec } from '../../api/types/network.ts';
import { networksAnnotation } from '../../model/attachments/selection.ts';
import type { Cluster } from '../../model/cluster.ts';
import { labAddresses, labNodeName } from '../../model/network/lab-addresses.ts';
import { defaultNetworkConfig } from '../../model/network/config.ts';
import { hasPort } from '../../model/policy/port-set.ts';
import { expandManifests } from '../../model/workloads/expand.ts';
import { indexOf } from '../cluster-index.ts';
import { diffReach } from '../diff/diff.ts';
import type { FlowEnd } from '../flow.ts';
import { predict } from '../predict/predict.ts';
import { rowsByName } from '../testing/rows.ts';
import { machine, multiPolicy, network, weftKind } from '../testing/segment-objects.ts';
import { reachMatrix } from './matrix.ts';
import type { ReachOptions } from './options.ts';
import { reach } from './reach.ts';

interface Around {
  /** Who leads from cameras to sensors. */
  readonly gate?: {
    readonly forwards?: boolean;
    readonly masquerades?: boolean;
    readonly isGateway?: boolean;
  };
  readonly hasPort3?: boolean;
  readonly nodeRoutes?: readonly string[];
  /** Of the network of cameras. */
  readonly routes?: readonly { readonly dst: string; readonly gw: string }[];
  readonly policies?: readonly NetworkPolicySpec[];
  readonly multi?: readonly MultiNetworkPolicy[];
  readonly model?: 'calico' | 'flannel';
}

const pod = (name: string, node: number, networks: string, more: object = {}): KubernetesObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      labels: { app: name, further: `${networks !== ''}` },
      ...(networks !== '' && { annotations: { [networksAnnotation]: networks } }),
    },
    spec: {
      nodeName: labNodeName(node),
      containers: [{ name: 'c', ports: [{ containerPort: 80 }] }],
      ...more,
    },
  }) as KubernetesObject;

/** Segments, and machines on them. */
function surroundings({ gate = {}, hasPort3 = true, nodeRoutes = [] }: Around): KubernetesObject[] {
  const { forwards = true, masquerades = false, isGateway = false } = gate;
  const inner = { name: 'eth0', segment: 'cameras', addresses: ['192.168.20.1'] };
  const outer = { name: 'eth1', segment: 'sensors', addresses: ['192.168.21.1'], masquerade: masquerades };
  const port3 = { name: 'Port3', segment: 'cameras', addresses: ['192.168.20.11'] };
  return [
    weftKind('Segment', 'cameras', {
      prefix: '192.168.20.0/24',
      ...(isGateway && { gateway: '192.168.20.1' }),
      pools: [{ name: 'pods', range: '192.168.20.50-192.168.20.59' }],
    }),
    weftKind('Segment', 'sensors', { prefix: '192.168.21.0/24', gateway: '192.168.21.1' }),
    weftKind('Segment', 'office', {
      prefix: '192.168.30.0/24',
      gateway: '192.168.30.1',
      dhcp: { range: '192.168.30.100-192.168.30.120' },
    }),
    weftKind('VirtualSwitch', 'iot', {
      type: 'internal',
      prefix: '10.77.0.0/24',
      dhcp: { range: '10.77.0.10-10.77.0.20' },
    }),
    machine('recorder', { name: 'eth0', segment: 'cameras', addresses: ['192.168.20.5'] }),
    machine('sensor', { name: 'eth0', segment: 'sensors', addresses: ['192.168.21.7'] }),
    machine('gate', ...[inner, outer].map((nic) => ({ ...nic, enableIPForwarding: forwards }))),
    machine('desk', { name: 'eth0', segment: 'office' }),
    machine('runtime', { name: 'eth0', virtualSwitch: 'iot' }),
    ...(hasPort3 ? [machine(labNodeName(0), port3)] : []),
    ...nodeRoutes.map((nextHop, index) =>
      weftKind('NodeRoute', `r${index}`, {
        interface: 'Port3',
        destination: '192.168.21.0/24',
        nextHop,
        metric: 100 + index,
      }),
    ),
  ];
}

function clusterOf(around: Around): Cluster {
  const { routes = [], policies = [], multi = [], model = 'calico' } = around;
  return expandManifests(
    [
      ...surroundings(around),
      network('cameras', { type: 'weft', segment: 'cameras', ipam: { type: 'weft', pool: 'pods', routes } }),
      network('office', { type: 'weft', segment: 'office', ipam: { type: 'dhcp' } }),
      pod('plain', 0, ''),
      pod('far', 1, ''),
      pod('host', 1, '', { hostNetwork: true }),
      pod('viewer', 0, 'cameras'),
      pod('guarded', 1, 'cameras'),
      pod('both', 0, 'cameras,office'),
      pod('clerk', 1, 'office'),
      ...policies.map((spec, index): NetworkPolicy => ({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: `p${index}`, namespace: 'default' },
        spec,
      })),
      ...multi,
    ],
    { nodes: 2, config: { ...defaultNetworkConfig, model } },
  );
}

const pods = ['plain', 'far', 'host', 'viewer', 'guarded', 'both', 'clerk'].map((name) => `default/${name}`);
const machines = ['vm:recorder', 'vm:sensor', 'vm:gate', 'vm:desk', 'vm:runtime'];
const interfaces = ['viewer@net1', 'guarded@net1', 'both@net1', 'both@net2', 'clerk@net1'].map(
  (name) => `default/${name}`,
);

/** An end as it is asked for, and how the path names who has it. */
function asked(cluster: Cluster, name: string): { readonly end: FlowEnd; readonly at?: string } {
  const { segments } = indexOf(cluster);
  const bare = (text = ''): string => text.replace(/\/.*$/, '');
  if (name === 'internet') return { end: { kind: 'address', address: labAddresses.internet } };
  if (name.startsWith('vm:')) {
    const [nic] = segments?.machine(name)?.interfaces ?? [];
    return { end: { kind: 'address', address: bare(nic?.addresses[0]), machine: name }, at: name };
  }
  const [key = '', nic] = name.split('@');
  if (nic === undefined) return { end: { kind: 'pod', key } };
  const address = segments?.interfaces.get(`${key} ${nic}`)?.addresses[0] ?? assert.fail(name);
  return { end: { kind: 'address', address }, at: key };
}

const packets = [
  { protocol: 'TCP', port: 80 },
  { protocol: 'TCP', port: 8080 },
  { protocol: 'UDP', port: 53 },
] as const;

/** Where rows and walks of the same ends say something else. */
function differences(cluster: Cluster): string[] {
  const rows = rowsByName(cluster);
  const senders = [...pods, ...machines, 'internet'];
  return senders.flatMap((from) => {
    const isPod = pods.includes(from);
    const targets = [...machines, ...interfaces, ...(isPod ? [] : [...pods, 'internet'])];
    return targets
      .filter((to) => to !== from && !to.startsWith(`${from}@`))
      .flatMap((to) => {
        const [source, { end: destination, at }] = [asked(cluster, from).end, asked(cluster, to)];
        const told = rows.get(`${from} ${to}`) ?? [];
        return packets.flatMap(({ protocol, port }) => {
          const { verdict, outcomes } = predict(cluster, { source, destination, protocol, port });
          const isThere = at === undefined || outcomes[0]?.path.at(-1)?.at === at;
          const isPredicted = (verdict === 'allowed' || verdict === 'refused') && isThere;
          const isTold = hasPort(told, protocol, port);
          return isTold === isPredicted
            ? []
            : [`${from} -> ${to} ${protocol} ${port} ${verdict}, told ${isTold}`];
        });
      });
  });
}

const peer: fc.Arbitrary<NetworkPolicyPeer> = fc.oneof(
  fc.constantFrom('viewer', 'both', 'clerk', 'plain').map((app) => ({
    podSelector: { matchLabels: { app } },
  })),
  fc.constant({ podSelector: {} }),
  fc
    .constantFrom('192.168.20.5/32', '192.168.20.0/26', '192.168.0.0/16', '172.20.0.0/16', '0.0.0.0/0')
    .map((cidr) => ({ ipBlock: { cidr } })),
);
const rule = (side: 'from' | 'to'): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(
    {
      [side]: fc.array(peer, { minLength: 1, maxLength: 2 }),
      ports: fc.constantFrom([{ port: 80 }], [{ protocol: 'UDP' }], [{ port: 8000, endPort: 9000 }]),
    },
    { requiredKeys: [] },
  );
const policy: fc.Arbitrary<NetworkPolicySpec> = fc
  .record(
    {
      podSelector: fc.constantFrom(
        {},
        { matchLabels: { further: 'true' } },
        { matchLabels: { app: 'guarded' } },
      ),
      ingress: fc.array(rule('from'), { maxLength: 2 }),
      egress: fc.array(rule('to'), { maxLength: 2 }),
    },
    { requiredKeys: ['podSelector'] },
  )
  .map((spec) => ({
    ...(spec as NetworkPolicySpec),
    policyTypes: [...(spec.ingress ? ['Ingress' as const] : []), ...(spec.egress ? ['Egress' as const] : [])],
  }));
const around: fc.Arbitrary<Around> = fc.record({
  gate: fc.record({ forwards: fc.boolean(), masquerades: fc.boolean(), isGateway: fc.boolean() }),
  hasPort3: fc.boolean(),
  nodeRoutes: fc.subarray(['192.168.20.1', '192.168.20.5', '192.168.20.50']),
  routes: fc.subarray([
    { dst: '192.168.21.0/24', gw: '192.168.20.1' },
    { dst: '192.168.30.0/24', gw: '192.168.20.11' },
    { dst: '172.20.0.0/16', gw: '192.168.20.11' },
  ]),
  policies: fc.array(policy, { maxLength: 2 }),
  multi: fc
    .array(fc.tuple(fc.constantFrom('cameras', 'office', 'cameras,office'), policy), { maxLength: 3 })
    .map((all) => all.map(([networks, spec], index) => multiPolicy(`m${index}`, networks, spec))),
  model: fc.constantFrom('calico' as const, 'flannel' as const),
});

test('every pair with a machine or a further interface is told as the walk of its packets says', () => {
  const runs = { numRuns: Number(process.env['WEFT_REACH_WORLDS'] ?? 40), seed: 20_261_122 };
  fc.assert(
    fc.property(around, (world) => {
      assert.deepEqual(differences(clusterOf(world)), []);
    }),
    runs,
  );
});

const guarded = multiPolicy('guarded', 'cameras', {
  podSelector: { matchLabels: { app: 'guarded' } },
  ingress: [
    { from: [{ podSelector: { matchLabels: { app: 'viewer' } } }], ports: [{ port: 8080 }] },
    { from: [{ ipBlock: { cidr: '192.168.20.5/32' } }] },
  ],
});
const lines = (cluster: Cluster, focus: ReachOptions['focus'] = {}): string[] =>
  reach(cluster, { level: 'pod', focus }).connections.map(
    ({ source, destination, ports }) => `${source} => ${destination} : ${ports.join(', ')}`,
  );

test('a further interface is a destination of its own, which is asked for by its name, its pod or its address', () => {
  const cluster = clusterOf({ multi: [guarded] });
  const toGuarded = [
    'vm:recorder => default/guarded@net1 : all',
    'default/viewer => default/guarded@net1 : TCP 8080',
  ];
  assert.deepEqual(lines(cluster, { to: 'default/guarded@net1' }), toGuarded);
  const { addresses = [] } = indexOf(cluster).segments?.interfaces.get('default/guarded net1') ?? {};
  const byAddress = lines(cluster, { to: addresses[0] ?? '' });
  assert.deepEqual(
    byAddress.filter((line) => line.includes('@')),
    toGuarded,
  );
  assert.deepEqual(
    lines(cluster, { from: 'default/viewer', to: 'default/guarded' }).map((line) => line.split(' ')[2]),
    ['default/guarded', 'default/guarded@net1'],
  );
});

test('pods of one workload that do not agree are told, and why is told with the place of the rule', () => {
  const { connections } = reach(clusterOf({ multi: [guarded] }), {
    explained: {},
    focus: { from: 'default/viewer', to: 'default/guarded@net1' },
  });
  const because = connections.flatMap((one) => one.because ?? []);
  assert.deepEqual(
    because.map(({ stage, object, rule }) => `${stage} ${object} ${rule}`),
    [
      'egress Pod default/viewer no policy isolates net1 for egress',
      'route Segment cameras 192.168.20.0/24 on its segment, net1',
      'ingress MultiNetworkPolicy default/guarded spec.ingress[0]',
    ],
  );
});

test('a matrix has interfaces as columns', () => {
  const { rows, columns, symbolAt } = reachMatrix(clusterOf({ multi: [guarded] }), { level: 'pod' });
  assert.deepEqual(columns.slice(-7, -1), ['vm:sensor', ...[...interfaces].sort()]);
  assert.ok(rows.includes('vm:recorder') && !rows.includes('default/guarded@net1'));
  assert.equal(symbolAt('vm:recorder', 'default/guarded@net1'), '.');
  assert.equal(symbolAt('default/plain', 'default/guarded@net1'), 'X');
});

test('diff tells what a changed policy of interfaces and a changed route open and close', () => {
  const changes = (before: Around, after: Around): string[] =>
    diffReach(clusterOf(before), clusterOf(after)).connections.map(
      ({ change, source, destination, before, after }) =>
        [change, source, destination, before?.ports.join(), '->', after?.ports.join()].join(' '),
    );
  assert.deepEqual(
    changes({}, { multi: [guarded] }).filter((line) => line.includes('vm:') || line.includes('viewer')),
    [
      'removed vm:gate default/guarded[Pod]@net1 all -> ',
      'changed default/viewer[Pod] default/guarded[Pod]@net1 all -> TCP 8080',
    ],
  );
  const sensor = changes({}, { nodeRoutes: ['192.168.20.1'] });
  assert.ok(sensor.includes('added default/plain[Pod] vm:sensor  -> all'), sensor.join('\n'));
});
