import { namespaceNameLabel } from '../api/selector.ts';
import type { MultiNetworkPolicy } from '../api/types/layer2.ts';
import type { LabelSelector } from '../api/types/meta.ts';
import type { NetworkPolicyPeer, NetworkPolicySpec } from '../api/types/network.ts';
import type { Cluster } from '../model/cluster.ts';
import type { Doubt } from './reach/doubt.ts';

/**
 * Between which two clusters the truth lies where labels of namespaces are not known: in `least`, selectors of
 * NetworkPolicies that ask for such labels select none of those namespaces, and in `most` all of them. A NetworkPolicy only
 * opens, so what is open in the one is open whatever the labels are, and what is closed in the other is closed.
 */
export interface Bounds {
  readonly least: Cluster;
  readonly most: Cluster;
  readonly why: string;
}

/** What depends on labels of namespaces that nobody gave. */
export interface Ungiven {
  /** Absent where no NetworkPolicy asks for such labels. */
  readonly bounds?: Bounds;
  /** Policies of the tiers also deny and pass on: where these ask, all about pods of those namespaces is in doubt. */
  readonly doubts: readonly Doubt[];
}

/** Every cluster makes these itself, without any other label. */
const ownNamespaces: ReadonlySet<string> = new Set([
  'default',
  'kube-system',
  'kube-public',
  'kube-node-lease',
]);

/** What is unknown where only these namespaces were given, of all that have pods. */
export function ungivenIn(cluster: Cluster, given: ReadonlySet<string>): Ungiven {
  const used = new Set([...cluster.pods.values()].map(({ metadata }) => metadata.namespace ?? 'default'));
  const missing = [...used].filter((name) => !ownNamespaces.has(name) && !given.has(name)).sort();
  if (missing.length === 0) return { doubts: [] };
  const why = `the labels of Namespace ${missing.join(', ')} are not known`;
  const { networkPolicies, multiNetworkPolicies } = cluster;
  const all = [...networkPolicies.values(), ...(multiNetworkPolicies?.values() ?? [])];
  const doubts = tiersAsk(cluster) ? missing.map((namespace) => ({ namespace, why })) : [];
  if (!all.some(selectsByLabel)) return { doubts };
  const withPeers = (change: (peer: NetworkPolicyPeer) => NetworkPolicyPeer[]): Cluster => ({
    ...cluster,
    networkPolicies: mapped(networkPolicies, (policy) => changed(policy, change)),
    ...(multiNetworkPolicies && {
      multiNetworkPolicies: mapped(multiNetworkPolicies, (policy) => changed(policy, change)),
    }),
  });
  return {
    doubts,
    bounds: {
      least: withPeers((peer) => [asksForLabels(peer) ? outside(peer, missing) : peer]),
      most: withPeers((peer) => (asksForLabels(peer) ? [peer, within(peer, missing)] : [peer])),
      why,
    },
  };
}

/** Whether a policy selects namespaces by more than their name, which is known. */
export const selectsByLabel = ({ spec }: Peering): boolean => peersOf(spec ?? {}).some(asksForLabels);

/** A NetworkPolicy, or a MultiNetworkPolicy. */
type Peering = Pick<MultiNetworkPolicy, 'spec'>;

const peersOf = ({ ingress = [], egress = [] }: Partial<NetworkPolicySpec>): NetworkPolicyPeer[] => [
  ...ingress.flatMap(({ from = [] }) => from),
  ...egress.flatMap(({ to = [] }) => to),
];

const asksForLabels = ({ namespaceSelector }: NetworkPolicyPeer): boolean => isByLabel(namespaceSelector);

function isByLabel({ matchLabels = {}, matchExpressions = [] }: LabelSelector = {}): boolean {
  const keys = [...Object.keys(matchLabels), ...matchExpressions.map(({ key }) => key)];
  return keys.some((key) => key !== namespaceNameLabel);
}

const mapped = <T>(all: ReadonlyMap<string, T>, change: (one: T) => T): Map<string, T> =>
  new Map(Array.from(all, ([key, one]) => [key, change(one)]));

function changed<P extends Peering>(policy: P, change: (peer: NetworkPolicyPeer) => NetworkPolicyPeer[]): P {
  const { ingress, egress, ...spec } = policy.spec ?? {};
  const ingressRules = ingress?.map(({ from, ...rule }) => ({
    ...rule,
    ...(from !== undefined && { from: from.flatMap(change) }),
  }));
  const egressRules = egress?.map(({ to, ...rule }) => ({
    ...rule,
    ...(to !== undefined && { to: to.flatMap(change) }),
  }));
  return {
    ...policy,
    spec: {
      ...spec,
      ...(ingressRules !== undefined && { ingress: ingressRules }),
      ...(egressRules !== undefined && { egress: egressRules }),
    },
  };
}

/** The same peer, nowhere in those namespaces. */
function outside(peer: NetworkPolicyPeer, missing: string[]): NetworkPolicyPeer {
  const { matchExpressions = [], ...rest } = peer.namespaceSelector ?? {};
  const elsewhere = { key: namespaceNameLabel, operator: 'NotIn', values: missing } as const;
  return { ...peer, namespaceSelector: { ...rest, matchExpressions: [...matchExpressions, elsewhere] } };
}

/** The same peer, in those of the namespaces whose names it does not exclude. */
function within(peer: NetworkPolicyPeer, missing: string[]): NetworkPolicyPeer {
  const { matchLabels = {}, matchExpressions = [] } = peer.namespaceSelector ?? {};
  const name = matchLabels[namespaceNameLabel];
  return {
    ...peer,
    namespaceSelector: {
      ...(name !== undefined && { matchLabels: { [namespaceNameLabel]: name } }),
      matchExpressions: [
        ...matchExpressions.filter(({ key }) => key === namespaceNameLabel),
        { key: namespaceNameLabel, operator: 'In', values: missing },
      ],
    },
  };
}

function tiersAsk({
  clusterNetworkPolicies,
  adminNetworkPolicies,
  baselineAdminNetworkPolicies,
}: Cluster): boolean {
  const kinds = [clusterNetworkPolicies, adminNetworkPolicies, baselineAdminNetworkPolicies];
  return kinds.some((policies) => [...policies.values()].some(({ spec }) => hasLabelSelector(spec)));
}

/** Fields that select namespaces, in policies of the tiers. */
const namespaceFields: ReadonlySet<string> = new Set(['namespaceSelector', 'namespaces']);

function hasLabelSelector(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([field, inner]) =>
      (namespaceFields.has(field) && isByLabel(inner as LabelSelector)) || hasLabelSelector(inner),
  );
}
