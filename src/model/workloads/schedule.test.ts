import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { Node, Pod } from '../../api/types/core.ts';
import { createNodeLoads } from './node-loads.ts';
import { podOf } from './pods.ts';
import { schedule } from './schedule.ts';
import { makeDeployment, makeNode, makePod, makeTemplate } from './testing.ts';

const options = { maxPodsPerNode: 110 };
const unbound = (owner: string, index: number): Pod =>
  podOf(makeTemplate({}), makeDeployment(owner), `${owner}-${index}`);

function scheduleAll(
  pods: readonly Pod[],
  nodes: readonly Node[],
  maxPodsPerNode = 110,
): Map<string, string> {
  const loads = createNodeLoads();
  const placed = new Map<string, string>();
  for (const pod of pods) {
    const placement = schedule(pod, nodes, loads.loads, { maxPodsPerNode });
    if (placement.kind === 'nowhere') continue;
    placed.set(pod.metadata.name, placement.node);
    loads.set(pod.metadata.name, { ...pod, spec: { ...pod.spec, nodeName: placement.node } });
  }
  return placed;
}

describe('scheduling', () => {
  it('spreads the pods of each owner, and all pods, as evenly as can be', () => {
    const counts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 5 }), (replicas, nodeCount) => {
        const nodes = Array.from({ length: nodeCount }, (_, i) => makeNode(`node-${i + 1}`));
        const pods = replicas.flatMap((count, owner) =>
          Array.from({ length: count }, (_, i) => unbound(`w${owner}`, i)),
        );
        const placed = scheduleAll(pods, nodes);
        assert.equal(placed.size, pods.length);
        for (const prefix of ['w', ...replicas.map((_, owner) => `w${owner}-`)]) {
          const perNode = nodes.map(
            ({ metadata }) =>
              [...placed].filter(([pod, node]) => pod.startsWith(prefix) && node === metadata.name).length,
          );
          assert.ok(Math.max(...perNode) - Math.min(...perNode) <= 1, `${prefix}: ${perNode.join()}`);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('takes only nodes that are ready, not cordoned, match the selector and have room', () => {
    const pod = { ...unbound('web', 0) };
    pod.spec = { ...pod.spec, nodeSelector: { disk: 'fast' } };
    const labels = { disk: 'fast' };
    const nodes = [
      makeNode('a', { labels, ready: false }),
      makeNode('b', { labels, cordoned: true }),
      makeNode('c', { labels: { disk: 'slow' } }),
      makeNode('d', { labels }),
    ];
    const empty = createNodeLoads();
    assert.deepEqual(schedule(pod, nodes, empty.loads, options), { kind: 'node', node: 'd' });
    const full = createNodeLoads();
    full.set('x', makePod('x', { node: 'd' }));
    assert.deepEqual(schedule(pod, nodes, full.loads, { maxPodsPerNode: 1 }), {
      kind: 'nowhere',
      why: "0/4 nodes are available: 1 Too many pods, 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) were not ready, 1 node(s) were unschedulable.",
    });
  });

  it('gives a node that runs Windows no pods, and says so', () => {
    const windows = makeNode('w', { labels: { 'kubernetes.io/os': 'windows' } });
    assert.deepEqual(schedule(unbound('web', 0), [windows], createNodeLoads().loads, options), {
      kind: 'nowhere',
      why: '0/1 nodes are available: 1 node(s) ran Windows, where Weft plans addresses and runs no pods.',
    });
  });

  it('never puts more pods on a node than it takes', () => {
    const pods = Array.from({ length: 10 }, (_, i) => unbound('web', i));
    const placed = scheduleAll(pods, [makeNode('a'), makeNode('b')], 3);
    assert.equal(placed.size, 6);
  });

  it('leaves a pod where it says it wants to be', () => {
    const loads = createNodeLoads().loads;
    assert.deepEqual(schedule(makePod('a', { node: 'mine' }), [], loads, options), {
      kind: 'node',
      node: 'mine',
    });
    assert.equal(schedule(unbound('web', 0), [], loads, options).kind, 'nowhere');
  });

  it('prefers node-2 to node-10 among equals', () => {
    const nodes = [makeNode('node-10'), makeNode('node-2')];
    assert.deepEqual(schedule(unbound('web', 0), nodes, new Map(), options), {
      kind: 'node',
      node: 'node-2',
    });
  });

  it('counts a pod once, where it is now, and not when it has ended', () => {
    const loads = createNodeLoads();
    loads.set('a', makePod('a', { node: 'one' }));
    loads.set('a', makePod('a', { node: 'two' }));
    assert.deepEqual(
      [...loads.loads].map(([node, { pods }]) => [node, pods]),
      [['two', 1]],
    );
    const ended = makePod('a', { node: 'two' });
    loads.set('a', { ...ended, status: { phase: 'Failed' } });
    assert.equal(loads.loads.size, 0);
  });
});
