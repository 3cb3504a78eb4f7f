import type { Cluster } from '../../model/cluster.ts';
import type { World } from '../../model/policy/testing/naive-world.ts';
import { describeCluster } from './cluster.ts';

const podKeys = ['a', 'b', 'c'].flatMap((namespace) =>
  ['1', '2', '3', '4'].map((name) => `${namespace}/${name}`),
);

/** The world's pods on one node each with an address of its own; pods 1 and 2, and 3 and 4, are one workload. */
export function clusterOf(world: World): Cluster {
  const pods = podKeys.flatMap((key) => {
    const facts = world.pods.get(key);
    if (facts === undefined) return [];
    const ports = facts.namedPorts.map(({ name, protocol, port }) => ({
      name,
      protocol,
      containerPort: port,
    }));
    return [[key, { labels: facts.labels, ports, of: workloadName(key) }] as const];
  });
  return {
    ...describeCluster({ pods: Object.fromEntries(pods), namespaces: Object.fromEntries(world.namespaces) }),
    networkPolicies: world.policies,
    clusterNetworkPolicies: world.clusterPolicies,
  };
}

/** Of a pod's key: the Deployment that it belongs to. */
export const workloadName = (podKey: string): string =>
  podKey.endsWith('1') || podKey.endsWith('2') ? 'low' : 'high';
