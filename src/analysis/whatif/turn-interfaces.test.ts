import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Cluster } from '../../model/cluster.ts';
import type { Flow } from '../flow.ts';
import { predict } from '../predict/predict.ts';
import { multiPolicy } from '../testing/segment-objects.ts';
import { around, asked, clusterOf, interfaces, machines, pods } from '../testing/segment-worlds.ts';
import { withEdit } from './edit.ts';
import { turnOf, type Turn } from './turn.ts';

const flowOf = (cluster: Cluster, from: string, to: string, port = 80): Flow => ({
  source: asked(cluster, from).end,
  destination: asked(cluster, to).end,
  protocol: 'TCP',
  port,
});
const turned = (cluster: Cluster, from: string, to: string): Turn => {
  const flow = flowOf(cluster, from, to);
  return turnOf(cluster, flow, predict(cluster, flow)) ?? assert.fail('nothing turns it');
};
const changesOf = ({ changes = [] }: Turn): string[] =>
  changes.map(({ change, source, destination }) => [change, source, destination].join(' '));

const guarded = { matchLabels: { app: 'guarded' } };

test('a policy of an interface gets a rule for the one who asks, and opens nothing else', () => {
  const cluster = clusterOf({
    multi: [
      multiPolicy('guarded', 'cameras', {
        podSelector: guarded,
        ingress: [{ from: [{ podSelector: { matchLabels: { app: 'both' } } }], ports: [{ port: 80 }] }],
      }),
    ],
  });
  const { edits, verdict, ...turn } = turned(cluster, 'default/viewer', 'default/guarded@net1');
  assert.equal(verdict, 'allowed');
  assert.deepEqual(edits, [
    {
      action: 'add',
      kind: 'MultiNetworkPolicy',
      key: 'default/guarded',
      path: 'spec.ingress[0].from',
      value: { podSelector: { matchLabels: { app: 'viewer' } } },
    },
  ]);
  assert.deepEqual(changesOf({ edits, verdict, ...turn }), [
    'added default/viewer[Pod] default/guarded[Pod]@net1',
  ]);
});

test('what is written for others gets a policy beside it, with the name of the network', () => {
  const cluster = clusterOf({ multi: [multiPolicy('all', 'cameras,office', { podSelector: {} })] });
  const { edits } = turned(cluster, 'vm:recorder', 'default/guarded@net1');
  assert.deepEqual(edits, [
    {
      action: 'create',
      kind: 'MultiNetworkPolicy',
      key: 'default/guarded-from-192.168.20.5',
      path: '',
      value: {
        apiVersion: 'k8s.cni.cncf.io/v1beta1',
        kind: 'MultiNetworkPolicy',
        metadata: {
          name: 'guarded-from-192.168.20.5',
          namespace: 'default',
          annotations: { 'k8s.v1.cni.cncf.io/policy-for': 'cameras' },
        },
        spec: {
          podSelector: guarded,
          policyTypes: ['Ingress'],
          ingress: [
            { from: [{ ipBlock: { cidr: '192.168.20.5/32' } }], ports: [{ protocol: 'TCP', port: 80 }] },
          ],
        },
      },
    },
  ]);
});

test('what no policy isolates is closed by a policy of its interface, which leaves eth0 alone', () => {
  const cluster = clusterOf({});
  const turn = turned(cluster, 'vm:recorder', 'default/guarded@net1');
  assert.deepEqual(
    turn.edits.map(({ action, kind, key }) => [action, kind, key]),
    [['create', 'MultiNetworkPolicy', 'default/guarded-ingress']],
  );
  assert.ok(changesOf(turn).every((line) => line.endsWith('default/guarded[Pod]@net1')));
});

test('in random clusters what is told turns the answer, or nothing is told', () => {
  const ends = fc.tuple(fc.constantFrom(...pods, ...machines), fc.constantFrom(...interfaces));
  let told = 0;
  fc.assert(
    fc.property(around, ends, (world, [from, to]) => {
      fc.pre(!to.startsWith(`${from}@`));
      const cluster = clusterOf(world);
      const flow = flowOf(cluster, from, to);
      const before = predict(cluster, flow);
      const turn = turnOf(cluster, flow, before);
      if (turn === undefined)
        return assert.ok(!['allowed', 'denied'].includes(before.verdict), before.verdict);
      told += 1;
      const after = predict(turn.edits.reduce(withEdit, cluster), flow);
      assert.equal(after.verdict, turn.verdict);
      return assert.equal(after.verdict === 'denied', before.verdict !== 'denied');
    }),
    { numRuns: 150, seed: 20_261_122 },
  );
  assert.ok(told > 0);
});
