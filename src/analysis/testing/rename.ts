import type { Cluster } from '../../model/cluster.ts';

/** Ends as `reach` writes them, in the cluster that `renameNamespaces` makes. */
export const renamedText = (text: string): string => text.replaceAll(/(?<=^|\s)([abc])(?=\/)/g, 'z$1');

/** Namespace `a` becomes `za`, and so on, wherever a name is written. */
export function renameNamespaces(cluster: Cluster): Cluster {
  const rename = <T>(objects: ReadonlyMap<string, T>): Map<string, T> =>
    new Map([...objects].map(([key, value]) => [`z${key}`, renamedIn(value)]));
  const { pods, namespaces, networkPolicies, clusterNetworkPolicies } = cluster;
  return {
    ...cluster,
    pods: rename(pods),
    namespaces: rename(namespaces),
    networkPolicies: rename(networkPolicies),
    clusterNetworkPolicies: new Map([...clusterNetworkPolicies].map(([key, one]) => [key, renamedIn(one)])),
  };
}

/** In metadata, and in selectors that name a namespace. */
function renamedIn<T>(value: T): T {
  const text = JSON.stringify(value)
    .replaceAll(/"namespace":"([abc])"/g, '"namespace":"z$1"')
    .replaceAll(/"kubernetes.io\/metadata.name":"([abc])"/g, '"kubernetes.io/metadata.name":"z$1"');
  return JSON.parse(text) as T;
}
