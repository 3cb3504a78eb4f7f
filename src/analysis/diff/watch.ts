import type { NetworkPolicy } from '../../api/types/network.ts';
import type { Cluster } from '../../model/cluster.ts';
import { indexOf } from '../cluster-index.ts';
import { entityName } from '../reach/groups.ts';
import type { ReachOptions } from '../reach/options.ts';
import { viewReach } from '../reach/view.ts';
import { compareReach, type ConnectionChange } from './diff.ts';
import { comparableReach } from './rows.ts';

/** Who reaches whom in a cluster whose NetworkPolicies change one after the other. */
export interface ReachWatch {
  /** Puts policies in the place of others, by key; undefined removes. Returns what that opens and closes. */
  setPolicies(policies: ReadonlyMap<string, NetworkPolicy | undefined>): ConnectionChange[];
}

/**
 * Compares only the rows of pods whose allowances or peer class changed: the model says whose these are. What it says is
 * what `diffReach` says of the cluster before and after.
 */
export function watchReach(cluster: Cluster, options: Omit<ReachOptions, 'focus'> = {}): ReachWatch {
  const { level = 'workload' } = options;
  // A copy has an index of its own: others may be asking about the cluster as it was.
  const networkPolicies = new Map(cluster.networkPolicies);
  const index = indexOf({ ...cluster, networkPolicies });
  const { policies } = index;
  let view = viewReach(index, options);
  policies.takeChanges();
  return {
    setPolicies(changes) {
      for (const [key, policy] of changes) {
        policies.setPolicy(key, policy);
        if (policy === undefined) networkPolicies.delete(key);
        else networkPolicies.set(key, policy);
      }
      const touched = policies.takeChanges();
      const about = new Set<string>();
      for (const key of touched.classes.union(touched.policies)) {
        const pod = cluster.pods.get(key);
        if (pod !== undefined) about.add(entityName(key, pod, level));
      }
      if (about.size === 0) return [];
      const before = comparableReach(view, about);
      view = viewReach(index, options);
      return compareReach(before, comparableReach(view, about));
    },
  };
}
