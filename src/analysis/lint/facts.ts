import type { Pod, Service } from '../../api/types/core.ts';
import type { NetworkPolicy } from '../../api/types/network.ts';
import { matchesSelector } from '../../api/selector.ts';
import { once } from '../../lib/once.ts';
import type { Cluster } from '../../model/cluster.ts';
import { workloadOf } from '../../model/workloads/workload-of.ts';
import { indexOf, type ClusterIndex } from '../cluster-index.ts';
import { gatewaysOf, type Gateways } from '../gateways/followed-routes.ts';
import { clusterPoliciesOf, type ClusterPolicyFacts } from './cluster-policy-facts.ts';
import { networkFactsOf, type NetworkFacts } from './network-facts.ts';
import { createPodFinder } from './pod-finder.ts';
import { factsOfPolicy, type PolicyFacts } from './policy-facts.ts';

/** What rules look at: the cluster, and who is meant by its policies and Services. */
export interface LintFacts {
  readonly cluster: Cluster;
  readonly index: ClusterIndex;
  /** By key. */
  readonly policies: readonly PolicyFacts[];
  readonly services: readonly ServiceFacts[];
  /** In the order in which they are asked. */
  readonly clusterPolicies: readonly ClusterPolicyFacts[];
  readonly networks: NetworkFacts;
  readonly gateways: Gateways;
}

/** A Service, and the pods that its selector selects. */
export interface ServiceFacts {
  readonly key: string;
  readonly service: Service;
  /** Keys of pods; undefined for a Service without a selector. */
  readonly pods: readonly string[] | undefined;
}

export function factsOf(cluster: Cluster): LintFacts {
  const byNamespace = Map.groupBy(cluster.pods, ([, { metadata }]) => metadata.namespace ?? 'default');
  const selects = createPodFinder(cluster);
  const gateways = once(() => gatewaysOf(cluster));
  const networks = once(() => networkFactsOf(indexOf(cluster)));
  return {
    cluster,
    index: indexOf(cluster),
    get networks() {
      return networks();
    },
    get gateways() {
      return gateways();
    },
    policies: sorted(cluster.networkPolicies).map(([key, policy]: [string, NetworkPolicy]) =>
      factsOfPolicy(key, policy, selects),
    ),
    clusterPolicies: clusterPoliciesOf(cluster, selects),
    services: sorted(cluster.services).map(([key, service]) => ({
      key,
      service,
      pods: podsOfService(service, byNamespace.get(service.metadata.namespace ?? 'default') ?? []),
    })),
  };
}

function sorted<T>(objects: ReadonlyMap<string, T>): [string, T][] {
  return [...objects].sort(([a], [b]) => (a < b ? -1 : 1));
}

function podsOfService({ spec }: Service, pods: readonly (readonly [string, Pod])[]): string[] | undefined {
  const { selector: matchLabels = {} } = spec;
  if (spec.type === 'ExternalName' || Object.keys(matchLabels).length === 0) return undefined;
  return pods
    .filter(([, { metadata }]) => matchesSelector({ matchLabels }, metadata.labels))
    .map(([key]) => key);
}

const mostNames = 3;

/** Pods as people call them: `shop/web[Deployment], shop/db[StatefulSet] and 4 more`. */
export function namesOfPods({ cluster }: LintFacts, keys: Iterable<string>): string {
  const names = new Set<string>();
  for (const key of keys) {
    const pod = cluster.pods.get(key);
    if (pod === undefined) continue;
    const { namespace, name, kind } = workloadOf(pod);
    names.add(`${namespace}/${name}[${kind}]`);
  }
  const all = [...names].sort();
  const shown = all.slice(0, mostNames).join(', ');
  return all.length > mostNames ? `${shown} and ${all.length - mostNames} more` : shown;
}
