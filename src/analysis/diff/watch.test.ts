import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { changes } from '../../model/policy/testing/arbitraries.ts';
import { applyChange, emptyWorld } from '../../model/policy/testing/naive-world.ts';
import { clusterOf } from '../testing/cluster-of-world.ts';
import { diffReach } from './diff.ts';
import { watchReach } from './watch.ts';

test('policies that change one after the other open and close what a comparison of the clusters says', () => {
  let differing = 0;
  fc.assert(
    fc.property(
      changes,
      changes,
      fc.constantFrom('pod' as const, 'workload' as const),
      (first, then, level) => {
        const world = emptyWorld();
        for (const change of first) applyChange(world, change);
        let before = clusterOf(world);
        const watch = watchReach(before, { level });
        for (const change of then) {
          if (change.kind !== 'policy') continue;
          const policies = new Map(before.networkPolicies);
          if (change.policy === undefined) policies.delete(change.key);
          else policies.set(change.key, change.policy);
          const after = { ...before, networkPolicies: policies };
          const told = watch.setPolicies(new Map([[change.key, change.policy]]));
          assert.deepEqual(told, diffReach(before, after, { level }).connections);
          differing += told.length > 0 ? 1 : 0;
          before = after;
        }
      },
    ),
    { numRuns: 300 },
  );
  assert.ok(differing > 50, `only ${differing} changes made a difference`);
});
