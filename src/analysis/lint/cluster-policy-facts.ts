import type { ClusterNetworkPolicy, EgressPeer } from '../../api/types/policy.ts';
import type { Cluster } from '../../model/cluster.ts';
import { compileClusterPolicy } from '../../model/policy/compile-cluster.ts';
import type {
  CompiledPolicy,
  CompiledRule,
  Direction,
  PodPeer,
  PolicyKind,
} from '../../model/policy/compile.ts';
import { fromAdminPolicy, fromBaselinePolicy } from '../../model/policy/older-policies.ts';
import { inOrder } from '../../model/policy/tiers.ts';
import type { PodFinder } from './pod-finder.ts';

/** A policy of tier Admin or Baseline, of whatever kind it was written as, and whom it means. */
export interface ClusterPolicyFacts {
  readonly kind: PolicyKind;
  readonly key: string;
  readonly compiled: CompiledPolicy;
  /** Keys of the pods it selects, and of those on the host network that it would select if it could. */
  readonly subjects: readonly string[];
  readonly hostSubjects: readonly string[];
  /** In their order: the first that matches decides. */
  readonly rules: readonly ClusterRuleFacts[];
}

export interface ClusterRuleFacts {
  readonly direction: Direction;
  /** `spec.ingress[0]` */
  readonly path: string;
  readonly compiled: CompiledRule;
  readonly peers: readonly ClusterPeerFacts[];
}

export interface ClusterPeerFacts {
  /** `spec.ingress[0].from[1]` */
  readonly path: string;
  readonly peer: EgressPeer;
  /** How many pods a selector of pods selects; undefined for peers that are no pods. */
  readonly selected: number | undefined;
}

/** All of them, in the order in which they are asked: tier Admin first. */
export function clusterPoliciesOf(cluster: Cluster, finder: PodFinder): ClusterPolicyFacts[] {
  const factsOf =
    <T>(kind: PolicyKind, read: (policy: T) => ClusterNetworkPolicy) =>
    (policy: T): ClusterPolicyFacts =>
      factsOfClusterPolicy(kind, read(policy), finder);
  const all = [
    ...[...cluster.clusterNetworkPolicies.values()].map(factsOf('ClusterNetworkPolicy', (one) => one)),
    ...[...cluster.adminNetworkPolicies.values()].map(factsOf('AdminNetworkPolicy', fromAdminPolicy)),
    ...[...cluster.baselineAdminNetworkPolicies.values()].map(
      factsOf('BaselineAdminNetworkPolicy', fromBaselinePolicy),
    ),
  ];
  return (['Admin', 'Baseline'] as const).flatMap((tier) =>
    all.filter(({ compiled }) => compiled.tier === tier).sort((a, b) => inOrder(a.compiled, b.compiled)),
  );
}

function factsOfClusterPolicy(
  kind: PolicyKind,
  policy: ClusterNetworkPolicy,
  finder: PodFinder,
): ClusterPolicyFacts {
  const compiled = compileClusterPolicy(kind, policy);
  const { ingress = [], egress = [] } = policy.spec;
  const written: Record<Direction, readonly { list: string; peers: readonly EgressPeer[] }[]> = {
    ingress: ingress.map(({ from }) => ({ list: 'from', peers: from })),
    egress: egress.map(({ to }) => ({ list: 'to', peers: to })),
  };
  const rulesOf = (direction: Direction): ClusterRuleFacts[] =>
    (compiled[direction] ?? []).map((rule) => {
      const index = Number(/\d+/.exec(rule.path)?.[0]);
      const { list = '', peers = [] } = written[direction][index] ?? {};
      return {
        direction,
        path: rule.path,
        compiled: rule,
        peers: peers.map((peer, at) => {
          const isPods = peer.namespaces !== undefined || peer.pods !== undefined;
          const selected = isPods ? podsOf(peerOf(peer), finder).length : undefined;
          return { path: `${rule.path}.${list}[${at}]`, peer, selected };
        }),
      };
    });
  const { seen, onHost } = found(compiled.subject, finder);
  return {
    kind,
    key: compiled.key,
    compiled,
    subjects: seen,
    hostSubjects: onHost,
    rules: [...rulesOf('ingress'), ...rulesOf('egress')],
  };
}

const peerOf = ({ namespaces, pods }: EgressPeer): Pick<PodPeer, 'namespaces' | 'pods'> => ({
  namespaces: { selector: namespaces ?? pods?.namespaceSelector ?? {} },
  pods: pods?.podSelector ?? {},
});

const podsOf = (peer: Pick<PodPeer, 'namespaces' | 'pods'>, finder: PodFinder): readonly string[] =>
  found(peer, finder).seen;

function found(
  { namespaces, pods }: Pick<PodPeer, 'namespaces' | 'pods'>,
  finder: PodFinder,
): ReturnType<PodFinder['pods']> {
  const names = 'name' in namespaces ? [namespaces.name] : finder.namespaces(namespaces.selector);
  return finder.pods(names, pods);
}
