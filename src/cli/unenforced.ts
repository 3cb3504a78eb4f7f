import type { Cluster } from '../model/cluster.ts';
import { modelTraits, type NetworkModel } from '../model/network/models.ts';
import type { CliEnvironment } from './environment.ts';

/** Kinds of policies that a network enforces or does not. */
const policyKinds: ReadonlySet<string> = new Set([
  'NetworkPolicy',
  'ClusterNetworkPolicy',
  'AdminNetworkPolicy',
  'BaselineAdminNetworkPolicy',
]);

/** Warns where a cluster has policies and a network model that enforces none. */
export function warnUnenforced(env: Pick<CliEnvironment, 'err'>, cluster: Cluster): void {
  const kinds = [
    cluster.networkPolicies,
    cluster.clusterNetworkPolicies,
    cluster.adminNetworkPolicies,
    cluster.baselineAdminNetworkPolicies,
  ];
  warn(
    env,
    cluster.config.model,
    kinds.map(({ size }) => size).reduce((sum, size) => sum + size, 0),
  );
}

/** The same about objects that are to be applied to such a cluster. */
export function warnUnenforcedAmong(
  env: Pick<CliEnvironment, 'err'>,
  model: NetworkModel,
  objects: Iterable<{ readonly kind: string }>,
): void {
  warn(env, model, [...objects].filter(({ kind }) => policyKinds.has(kind)).length);
}

function warn(env: Pick<CliEnvironment, 'err'>, model: NetworkModel, policies: number): void {
  if (policies === 0 || modelTraits[model].enforcesPolicies) return;
  const subject = policies === 1 ? '1 policy has' : `${policies} policies have`;
  env.err(`weft: ${subject} no effect: the network model ${model} enforces none\n`);
}
