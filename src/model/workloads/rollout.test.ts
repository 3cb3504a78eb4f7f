import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { Deployment } from '../../api/types/apps.ts';
import { replicaSetOf } from './replica-set.ts';
import { currentSet, rolloutStep, scaled, type RolloutSet } from './rollout.ts';
import { makeDeployment, makeTemplate } from './testing.ts';

const version = (replicas: number, port: number, spec: Partial<Deployment['spec']> = {}): Deployment =>
  makeDeployment('web', { replicas, template: makeTemplate({ app: 'web' }, port), ...spec });

/** A Deployment's sets, as a cluster that works would have them. */
interface World {
  sets: RolloutSet[];
}

function applyStep(world: World, deployment: Deployment): boolean {
  const step = rolloutStep(deployment, world.sets);
  for (const [name, replicas] of step.scale) {
    world.sets = world.sets.map((one) => {
      if (one.set.metadata.name !== name) return one;
      const pods = Math.min(one.pods, replicas);
      return {
        set: { ...one.set, spec: { ...one.set.spec, replicas } },
        pods: replicas,
        ready: Math.min(one.ready, pods),
      };
    });
  }
  if (step.create !== undefined) {
    const set = replicaSetOf(deployment, { replicas: step.create, revision: world.sets.length + 1 });
    world.sets = [...world.sets, { set, pods: step.create, ready: 0 }];
  }
  return step.create !== undefined || step.scale.size > 0;
}

const total = (world: World, of: (one: RolloutSet) => number): number =>
  world.sets.reduce((sum, one) => sum + of(one), 0);
const replicas = (world: World): number => total(world, ({ set }) => set.spec.replicas ?? 0);

/** One more pod of any set becomes ready; false when all are. */
function becomeReady(world: World): boolean {
  const index = world.sets.findIndex(({ pods, ready }) => ready < pods);
  world.sets = world.sets.map((one, i) => (i === index ? { ...one, ready: one.ready + 1 } : one));
  return index >= 0;
}

function runToEnd(world: World, deployment: Deployment, check: () => void = () => {}): void {
  for (let i = 0; i < 500; i++) {
    const stepped = applyStep(world, deployment);
    check();
    if (!stepped && !becomeReady(world)) return;
  }
  assert.fail('the rollout never ends');
}

const limit = fc.oneof(
  fc.integer({ min: 0, max: 4 }),
  fc.integer({ min: 0, max: 100 }).map((percent) => `${percent}%`),
);

describe('a rollout', () => {
  it('starts a new Deployment with all its replicas', () => {
    assert.deepEqual(rolloutStep(version(3, 80), []), { create: 3, scale: new Map() });
  });

  it('comes one by one with the usual 25%, and keeps three of four ready', () => {
    const world: World = { sets: [] };
    runToEnd(world, version(4, 80));
    const sizes: string[] = [];
    runToEnd(world, version(4, 81), () => {
      sizes.push(world.sets.map(({ set }) => set.spec.replicas).join('+'));
      assert.ok(total(world, ({ ready }) => ready) >= 3);
    });
    assert.deepEqual([...new Set(sizes)], ['3+1', '3+2', '2+2', '2+3', '1+3', '1+4', '0+4']);
  });

  it('never asks for too many, never goes below what must be ready, and always ends', () => {
    const counts = fc.integer({ min: 0, max: 12 });
    fc.assert(
      fc.property(counts, counts, limit, limit, (before, after, maxSurge, maxUnavailable) => {
        const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } } as const;
        const world: World = { sets: [] };
        runToEnd(world, version(before, 80, { strategy }));
        const deployment = version(after, 81, { strategy });
        const surge = scaled(maxSurge, after, Math.ceil);
        const unavailable = Math.min(after, scaled(maxUnavailable, after, Math.floor));
        const least = Math.min(
          before,
          after - Math.max(unavailable, surge === 0 && unavailable === 0 ? 1 : 0),
        );
        runToEnd(world, deployment, () => {
          assert.ok(replicas(world) <= Math.max(before, after + surge), `${replicas(world)} replicas`);
          assert.ok(
            total(world, ({ ready }) => ready) >= least,
            `${total(world, ({ ready }) => ready)} ready`,
          );
        });
        assert.equal(replicas(world), after);
        assert.equal(currentSet(deployment, world.sets)?.ready, after);
      }),
      { numRuns: 300 },
    );
  });

  it('replaces pods that never became ready without waiting for them', () => {
    const world: World = { sets: [] };
    applyStep(world, version(4, 80));
    const fixed = version(4, 81);
    applyStep(world, fixed);
    applyStep(world, fixed);
    assert.equal(
      world.sets[0]?.set.spec.replicas,
      3,
      'the broken ones go first, as far as the room for new ones needs',
    );
    runToEnd(world, fixed);
    assert.deepEqual(
      world.sets.map(({ set }) => set.spec.replicas),
      [0, 4],
    );
  });

  it('with Recreate brings nothing new before the last old pod is gone', () => {
    const strategy = { type: 'Recreate' } as const;
    const world: World = { sets: [] };
    runToEnd(world, version(2, 80, { strategy }));
    const old = world.sets[0];
    assert.ok(old);
    assert.deepEqual(rolloutStep(version(2, 81, { strategy }), [old]).create, undefined);
    assert.deepEqual(rolloutStep(version(2, 81, { strategy }), [{ ...old, pods: 0 }]).create, 2);
  });

  it('scales without another ReplicaSet', () => {
    const world: World = { sets: [] };
    runToEnd(world, version(2, 80));
    assert.deepEqual([...rolloutStep(version(5, 80), world.sets).scale.values()], [5]);
    assert.deepEqual([...rolloutStep(version(0, 80), world.sets).scale.values()], [0]);
  });

  it('goes back to an old template with its old ReplicaSet', () => {
    const world: World = { sets: [] };
    for (const port of [80, 81, 80]) runToEnd(world, version(2, port));
    assert.deepEqual(
      world.sets.map(({ set }) => set.spec.replicas),
      [2, 0],
    );
  });
});
