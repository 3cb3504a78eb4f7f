/** Who reaches whom over segments, against the walk that `explain` tells. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Cluster } from '../../model/cluster.ts';
import { hasPort } from '../../model/policy/port-set.ts';
import { indexOf } from '../cluster-index.ts';
import { diffReach } from '../diff/diff.ts';
import { predict } from '../predict/predict.ts';
import { rowsByName } from '../testing/rows.ts';
import { multiPolicy } from '../testing/segment-objects.ts';
import {
  around,
  asked,
  clusterOf,
  interfaces,
  machines,
  pods,
  type Around,
} from '../testing/segment-worlds.ts';
import { reachMatrix } from './matrix.ts';
import type { ReachOptions } from './options.ts';
import { reach } from './reach.ts';

const packets = [
  { protocol: 'TCP', port: 80 },
  { protocol: 'TCP', port: 8080 },
  { protocol: 'UDP', port: 53 },
  { protocol: 'other', port: 0 },
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
