import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { NetworkPolicySpec } from '../../api/types/network.ts';
import type { Cluster } from '../../model/cluster.ts';
import { changes } from '../../model/policy/testing/arbitraries.ts';
import { applyChange, emptyWorld } from '../../model/policy/testing/naive-world.ts';
import { reach } from '../reach/reach.ts';
import { clusterOf } from '../testing/cluster-of-world.ts';
import { describeCluster } from '../testing/cluster.ts';
import { lint, type Finding } from './lint.ts';

const adding: ReadonlySet<string> = new Set(['WL018', 'WL019']);

function addingNothing(cluster: Cluster): readonly Finding[] {
  return lint(cluster, { sourceOf: () => undefined }).findings.filter(({ rule }) => adding.has(rule.id));
}

/** The cluster without what the findings are about: rules, and whole policies. */
function without(cluster: Cluster, findings: readonly Finding[]): Cluster {
  const networkPolicies = new Map(cluster.networkPolicies);
  for (const [key, policy] of cluster.networkPolicies) {
    const paths = new Set(findings.filter(({ object }) => object.key === key).map(({ path }) => path));
    if (paths.has('spec')) networkPolicies.delete(key);
    else networkPolicies.set(key, { ...policy, spec: withoutRules(policy.spec, paths) });
  }
  return { ...cluster, networkPolicies };
}

function withoutRules(spec: NetworkPolicySpec, paths: ReadonlySet<string>): NetworkPolicySpec {
  const { ingress = [], egress = [] } = spec;
  const implied: NetworkPolicySpec['policyTypes'] = egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  return {
    ...spec,
    policyTypes: spec.policyTypes ?? implied,
    ingress: ingress.filter((_, index) => !paths.has(`spec.ingress[${index}]`)),
    egress: egress.filter((_, index) => !paths.has(`spec.egress[${index}]`)),
  };
}

test('all rules that add nothing can be deleted together, and nothing changes for anybody', () => {
  let deleted = 0;
  fc.assert(
    fc.property(changes, (history) => {
      const world = emptyWorld();
      for (const change of history) applyChange(world, change);
      const cluster = clusterOf(world);
      const findings = addingNothing(cluster);
      deleted += findings.length;
      const before = reach(cluster, { level: 'pod' }).connections;
      assert.deepEqual(reach(without(cluster, findings), { level: 'pod' }).connections, before);
    }),
    { numRuns: 150, seed: 8 },
  );
  assert.ok(deleted > 50, `only ${deleted} rules added nothing: the test is weak`);
});

test('of two policies that say the same the second is told, and names the first', () => {
  const spec = { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] };
  const cluster = describeCluster({ pods: { 'a/x': {} }, policies: { 'a/one': spec, 'a/two': spec } });
  assert.deepEqual(
    addingNothing(cluster).map(({ rule, object, message }) => [rule.id, object.key, message]),
    [['WL018', 'a/two', 'adds nothing: spec.ingress[0] of NetworkPolicy a/one allows all of it']],
  );
});
