import type { Cluster } from '../../model/cluster.ts';
import { indexOf } from '../cluster-index.ts';
import { createAnswer, type Reach, type ReachRows } from './answer.ts';
import { focused } from './focus.ts';
import type { ReachOptions } from './options.ts';
import { viewReach } from './view.ts';

/**
 * Who may open connections to whom: what the policies of both ends let through, whether or not anybody listens.
 * Computed over groups of pods that no policy can tell apart, so that replicas cost nothing. An end's
 * connections to itself are left out.
 */
export function reach(cluster: Cluster, options: ReachOptions = {}): Reach {
  const answer = createAnswer({ isExplained: options.explained !== undefined });
  const { ends, pods } = addReach(answer, cluster, options);
  return answer.finish({ ends: ends.length, pods, policies: policiesIn(cluster) });
}

/** The same, row by row; returns whose rows they are, by name, and how many pods these have. */
export function addReach(
  answer: ReachRows,
  cluster: Cluster,
  options: ReachOptions = {},
): { readonly ends: readonly string[]; readonly pods: number } {
  const view = viewReach(indexOf(cluster), options);
  view.tell(focused(answer, options.focus ?? {}, view.namesAt));
  return view;
}

/** Of all kinds. */
function policiesIn({
  networkPolicies,
  clusterNetworkPolicies,
  adminNetworkPolicies,
  baselineAdminNetworkPolicies,
  multiNetworkPolicies,
}: Cluster): number {
  const kinds = [networkPolicies, clusterNetworkPolicies, adminNetworkPolicies, baselineAdminNetworkPolicies];
  return kinds.reduce((sum, { size }) => sum + size, multiNetworkPolicies?.size ?? 0);
}
