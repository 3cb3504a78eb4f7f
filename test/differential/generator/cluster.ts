import * as fc from 'fast-check';
import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import { namespaceOf, namespaceSeed, podOf, podSeed } from './pods.ts';
import { clusterPoliciesOf, clusterPolicySeed } from './cluster-policies.ts';
import { policyOf, policySeed } from './policies.ts';
import { serviceOf, serviceSeed } from './services.ts';

/** How much of everything; each pair is the least and the most. */
export interface ClusterSize {
  readonly nodes: number;
  readonly namespaces: readonly [number, number];
  readonly pods: readonly [number, number];
  readonly services: readonly [number, number];
  readonly policies: readonly [number, number];
  readonly clusterPolicies: readonly [number, number];
}

export const smallCluster: ClusterSize = {
  nodes: 3,
  namespaces: [2, 4],
  pods: [4, 10],
  services: [1, 5],
  policies: [0, 6],
  clusterPolicies: [0, 4],
};

/**
 * Random clusters as manifests: namespaces, bare pods pinned to `node-1`, `node-2`, …, Services and policies of all
 * kinds. They shrink to smaller clusters; addresses and node ports are left to who runs them.
 */
export function clusters(size: ClusterSize = smallCluster): fc.Arbitrary<KubernetesObject[]> {
  const several = <T>(
    of: fc.Arbitrary<T>,
    [minLength, maxLength]: readonly [number, number],
  ): fc.Arbitrary<T[]> => fc.array(of, { minLength, maxLength, size: 'max' });
  return fc
    .record({
      namespaces: several(namespaceSeed, size.namespaces),
      pods: several(podSeed, size.pods),
      services: several(serviceSeed, size.services),
      policies: several(policySeed, size.policies),
      clusterPolicies: several(clusterPolicySeed, size.clusterPolicies),
    })
    .map((seeds) => {
      const namespaces = seeds.namespaces.length;
      return [
        ...seeds.namespaces.map(namespaceOf),
        ...seeds.pods.map((seed, index) => podOf(seed, { index, namespaces, nodes: size.nodes })),
        ...seeds.services.flatMap((seed, index) => serviceOf(seed, { index, namespaces })),
        ...seeds.policies.map((seed, index) => policyOf(seed, { index, namespaces })),
        ...clusterPoliciesOf(seeds.clusterPolicies),
      ];
    });
}

/** The cluster of a seed: the same one each time. Print the seed where a test fails. */
export function generateCluster(seed: number, size: ClusterSize = smallCluster): KubernetesObject[] {
  const [cluster] = fc.sample(clusters(size), { seed, numRuns: 1, unbiased: true });
  if (cluster === undefined) throw new RangeError('nothing was sampled');
  return cluster;
}
