import type { Cluster } from '../model/cluster.ts';
import type { CliEnvironment } from './environment.ts';
import type { World } from './world.ts';

/** The label that every namespace has anyway. */
const ownLabel = 'kubernetes.io/metadata.name';
const mostNamed = 5;

/**
 * Warns where policies select namespaces by labels, and namespaces of the manifests' objects are not among these: they are
 * taken to have no label but their name.
 */
export function warnUngiven(
  env: Pick<CliEnvironment, 'err'>,
  { cluster, givenNamespaces }: Pick<World, 'cluster' | 'givenNamespaces'>,
): void {
  if (givenNamespaces === undefined || !asksForLabels(cluster)) return;
  const used = new Set([...cluster.pods.values()].map(({ metadata }) => metadata.namespace ?? 'default'));
  const missing = [...used].filter((name) => name !== 'kube-system' && !givenNamespaces.has(name)).sort();
  if (missing.length === 0) return;
  const named = missing.slice(0, mostNamed).join(', ');
  const all = missing.length > mostNamed ? `${named} and ${missing.length - mostNamed} more` : named;
  env.err(
    `weft: policies select namespaces by labels, and the manifests hold no Namespace ${all}: taken to have no label but ${ownLabel}\n`,
  );
}

function asksForLabels(cluster: Cluster): boolean {
  const kinds = [
    cluster.networkPolicies,
    cluster.clusterNetworkPolicies,
    cluster.adminNetworkPolicies,
    cluster.baselineAdminNetworkPolicies,
  ];
  return kinds.some((policies) => [...policies.values()].some(({ spec }) => hasLabelSelector(spec)));
}

/** Fields of policies of all kinds that select namespaces. */
const namespaceFields: ReadonlySet<string> = new Set(['namespaceSelector', 'namespaces']);

function hasLabelSelector(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([field, inner]) => (namespaceFields.has(field) && selectsByLabel(inner)) || hasLabelSelector(inner),
  );
}

function selectsByLabel(selector: unknown): boolean {
  const { matchLabels = {}, matchExpressions = [] } = (selector ?? {}) as {
    matchLabels?: object;
    matchExpressions?: readonly { readonly key: string }[];
  };
  const keys = [...Object.keys(matchLabels), ...matchExpressions.map(({ key }) => key)];
  return keys.some((key) => key !== ownLabel);
}
