import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Cluster } from '../../model/cluster.ts';
import { changes } from '../../model/policy/testing/arbitraries.ts';
import { applyChange, emptyWorld } from '../../model/policy/testing/naive-world.ts';
import { reach } from '../reach/reach.ts';
import { clusterOf } from '../testing/cluster-of-world.ts';
import { renamedText, renameNamespaces } from '../testing/rename.ts';
import { describeCluster, type ClusterDescription } from '../testing/cluster.ts';
import type { Change } from './change.ts';
import { diffReach, type ReachDiff } from './diff.ts';

const rows = ({ connections }: ReachDiff): string[] =>
  connections.map(
    ({ change, source, destination, before, after }) =>
      `${change} ${source} => ${destination} : ${before?.ports.join() ?? '-'} -> ${after?.ports.join() ?? '-'}`,
  );

const pods: ClusterDescription['pods'] = {
  'a/web': { labels: { app: 'web' } },
  'a/db': { labels: { app: 'db' } },
};
const toDb = (ingress: NonNullable<ClusterDescription['policies']>[string]['ingress']): Cluster =>
  describeCluster({
    pods,
    policies: { 'a/db': { podSelector: { matchLabels: { app: 'db' } }, ...(ingress && { ingress }) } },
  });
const fromWeb = [{ podSelector: { matchLabels: { app: 'web' } } }];

test('a policy that isolates takes connections away, and one with another port changes them', () => {
  const before = toDb([{ from: fromWeb, ports: [{ port: 80 }] }]);
  assert.deepEqual(rows(diffReach(describeCluster({ pods }), before)), [
    'removed 0.0.0.0/0 => a/db[Pod] : all -> -',
    'changed a/web[Pod] => a/db[Pod] : all -> TCP 80',
  ]);
  const after = toDb([{ from: fromWeb, ports: [{ port: 81 }] }]);
  assert.deepEqual(rows(diffReach(before, after)), ['changed a/web[Pod] => a/db[Pod] : TCP 80 -> TCP 81']);
});

test('connections of a workload that is new or gone say so', () => {
  const more = describeCluster({ pods: { ...pods, 'a/more': {} } });
  const { connections } = diffReach(describeCluster({ pods }), more);
  assert.equal(connections.length, 6, 'to and from the outside and each of the two');
  for (const { change, because } of connections) {
    assert.deepEqual([change, because], ['added', 'a/more[Pod] is new']);
  }
  assert.equal(diffReach(more, describeCluster({ pods })).connections[0]?.because, 'a/more[Pod] is gone');
});

test('of addresses only those are told that are treated otherwise, however the others are cut', () => {
  const block = (cidr: string, except: string[]): Cluster =>
    toDb([{ from: [{ ipBlock: { cidr, except } }, ...fromWeb] }]);
  const before = block('192.0.2.0/24', []);
  assert.deepEqual(rows(diffReach(before, block('192.0.2.0/24', ['192.0.2.128/25']))), [
    'removed 192.0.2.128/25 => a/db[Pod] : all -> -',
  ]);
  const halves = toDb([
    { from: [{ ipBlock: { cidr: '192.0.2.0/25' } }, { ipBlock: { cidr: '192.0.2.128/25' } }, ...fromWeb] },
  ]);
  assert.deepEqual(rows(diffReach(before, halves)), []);
});

test('a Service that leads to another port or other pods is told', () => {
  const leadingTo = (targetPort: number, endpoints: string[]): Cluster =>
    describeCluster({ pods, services: { 'a/db': { ports: [{ port: 80, targetPort }], endpoints } } });
  const before = leadingTo(5432, ['a/db']);
  assert.deepEqual(diffReach(before, leadingTo(5433, ['a/db', 'a/web'])).services, [
    {
      change: 'changed',
      service: 'a/db',
      port: 'TCP 80',
      before: ['a/db[Pod]:5432'],
      after: ['a/db[Pod]:5433', 'a/web[Pod]:5433'],
    },
  ]);
  assert.deepEqual(diffReach(before, before).services, []);
  assert.deepEqual(
    diffReach(describeCluster({ pods }), before).services.map(({ change }) => change),
    ['added'],
  );
});

/** Two clusters, of which the second has gone on from the first. */
const histories = fc.tuple(changes, changes);
const levels = ['pod', 'workload'] as const;

function both([first, second]: readonly (readonly HistoryChange[])[]): { before: Cluster; after: Cluster } {
  const history = [...(first ?? []), ...(second ?? [])];
  return { before: clusterAfter(first ?? []), after: clusterAfter(history) };
}

type HistoryChange = Parameters<typeof applyChange>[1];

function clusterAfter(history: readonly HistoryChange[]): Cluster {
  const world = emptyWorld();
  for (const change of history) applyChange(world, change);
  return clusterOf(world);
}

test('a cluster does not differ from itself', () => {
  fc.assert(
    fc.property(histories, (history) => {
      const { after } = both(history);
      for (const level of levels) {
        assert.deepEqual(diffReach(after, { ...after }, { level }), { connections: [], services: [] });
      }
    }),
    { numRuns: 60, seed: 8 },
  );
});

const mirroredWord = (because: string | undefined): string | undefined =>
  because?.replace(/new$|gone$/, (word) => (word === 'new' ? 'gone' : 'new'));

test('the other way round the differences are mirrored', () => {
  const mirrored = { added: 'removed', removed: 'added', changed: 'changed' } as const satisfies Record<
    Change,
    Change
  >;
  fc.assert(
    fc.property(histories, (history) => {
      const { before, after } = both(history);
      const back = diffReach(after, before).connections;
      assert.deepEqual(
        diffReach(before, after).connections,
        back.map((one) => ({
          ...one,
          change: mirrored[one.change],
          before: one.after,
          after: one.before,
          because: mirroredWord(one.because),
        })),
      );
    }),
    { numRuns: 60, seed: 8 },
  );
});

test('what one cluster has, with the differences, is what the other has', () => {
  let differing = 0;
  fc.assert(
    fc.property(histories, (history) => {
      const { before, after } = both(history);
      const between = (cluster: Cluster): Map<string, string> =>
        new Map(
          reach(cluster, { level: 'pod' })
            .connections.filter(({ source, destination }) => /^[abc]\/.*[abc]\//.test(source + destination))
            .map(({ source, destination, ports }) => [`${source} ${destination}`, ports.join()]),
        );
      const patched = between(before);
      for (const one of diffReach(before, after, { level: 'pod' }).connections) {
        const pair = `${one.source} ${one.destination}`;
        if (!/^[abc]\/\S* [abc]\//.test(pair)) continue;
        differing += 1;
        assert.equal(patched.get(pair), one.before?.ports.join());
        if (one.after === undefined) patched.delete(pair);
        else patched.set(pair, one.after.ports.join());
      }
      assert.deepEqual(patched, between(after));
    }),
    { numRuns: 60, seed: 8 },
  );
  assert.ok(differing > 100, `only ${differing} differences: the test is weak`);
});

test('the differences of renamed clusters are the renamed differences', () => {
  fc.assert(
    fc.property(histories, (history) => {
      const { before, after } = both(history);
      const [first, second] = [before, after].map(renameNamespaces);
      assert.ok(first && second);
      assert.deepEqual(rows(diffReach(first, second)), rows(diffReach(before, after)).map(renamedText));
    }),
    { numRuns: 60, seed: 8 },
  );
});
