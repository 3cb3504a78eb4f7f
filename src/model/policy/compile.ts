import { selectorKey } from '../../api/selector.ts';
import type { LabelSelector, Protocol } from '../../api/types/meta.ts';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../api/types/network.ts';
import type { AddressRange } from '../../lib/prefix.ts';
import { canonicalPorts, everyPortOf, type PortRange, type PortSet } from './port-set.ts';
import { modeOf } from './mode.ts';
import { rangesOfBlock } from './ranges.ts';

export type Direction = 'ingress' | 'egress';

/** Where a policy stands: the tiers are asked in this order (ClusterNetworkPolicy `spec.tier`). */
export type Tier = 'Admin' | 'NetworkPolicy' | 'Baseline';

/** A policy of any kind with its defaults applied and its meaning spelled out; it depends on no other object. */
export interface CompiledPolicy {
  /** The kind that was written. */
  readonly kind: PolicyKind;
  /** `namespace/name`, or `name` for kinds without namespaces. */
  readonly key: string;
  readonly tier: Tier;
  /** In its tier; the lower comes first. 0 for NetworkPolicies, which have no order. */
  readonly priority: number;
  /** `audit`: it only says what it would deny. */
  readonly mode: 'enforce' | 'audit';
  /** The pods that the policy is about. */
  readonly subject: PodPeer;
  /** Undefined where the policy has nothing to say in that direction. */
  readonly ingress: readonly CompiledRule[] | undefined;
  readonly egress: readonly CompiledRule[] | undefined;
}

export type PolicyKind =
  | 'NetworkPolicy'
  | 'MultiNetworkPolicy'
  | 'ClusterNetworkPolicy'
  | 'AdminNetworkPolicy'
  | 'BaselineAdminNetworkPolicy';

export interface CompiledRule {
  /** Where it stands in the object: `spec.ingress[0]`. */
  readonly path: string;
  /** Rules of NetworkPolicies accept. */
  readonly action: 'Accept' | 'Deny' | 'Pass';
  readonly peers: 'anywhere' | RulePeers;
  readonly ports: RulePorts;
}

/** Any of them may be the peer. */
export interface RulePeers {
  readonly pods: readonly PodPeer[];
  readonly ranges: readonly AddressRange[];
  /** Addresses that come and go. */
  readonly groups: readonly AddressGroupSpec[];
}

/** Addresses that objects or answers say: those of the nodes that a selector finds, or of a domain name. */
export type AddressGroupSpec =
  | { readonly kind: 'nodes'; readonly key: string; readonly selector: LabelSelector }
  | { readonly kind: 'domain'; readonly key: string; readonly name: string };

/** Pods that match `pods`, in one namespace given by name or in all that the selector selects. */
export interface PodPeer {
  /** Equal for peers that select the same pods whatever pods there are. */
  readonly key: string;
  readonly namespaces: { readonly name: string } | { readonly selector: LabelSelector };
  readonly pods: LabelSelector;
}

/** The ports a rule opens: by number, and by names that each destination pod resolves for itself. */
export interface RulePorts {
  readonly numbered: PortSet;
  readonly named: readonly PortName[];
}

export interface PortName {
  readonly protocol: Protocol;
  readonly name: string;
}

/**
 * Spells a policy out (networking.k8s.io/v1 NetworkPolicySpec). `policyTypes` absent means Ingress, and Egress
 * where there are egress rules. The key is `namespace/name`.
 */
export function compilePolicy(key: string, { metadata, spec }: NetworkPolicy): CompiledPolicy {
  const namespace = key.slice(0, key.indexOf('/'));
  const ingress = spec.ingress ?? [];
  const egress = spec.egress ?? [];
  const types = spec.policyTypes ?? (egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress']);
  return {
    kind: 'NetworkPolicy',
    key,
    tier: 'NetworkPolicy',
    priority: 0,
    mode: modeOf(metadata),
    subject: ownPods(namespace, spec.podSelector ?? {}),
    ingress: types.includes('Ingress')
      ? ingress.map(({ from, ports }, index) => ({
          path: `spec.ingress[${index}]`,
          action: 'Accept',
          peers: compilePeers(namespace, from ?? []),
          ports: compilePorts(ports ?? []),
        }))
      : undefined,
    egress: types.includes('Egress')
      ? egress.map(({ to, ports }, index) => ({
          path: `spec.egress[${index}]`,
          action: 'Accept',
          peers: compilePeers(namespace, to ?? []),
          ports: compilePorts(ports ?? []),
        }))
      : undefined,
  };
}

function compilePeers(namespace: string, peers: readonly NetworkPolicyPeer[]): CompiledRule['peers'] {
  if (peers.length === 0) return 'anywhere';
  return {
    pods: peers.map((peer) => podPeerOf(namespace, peer)).filter((peer) => peer !== undefined),
    ranges: peers.flatMap(({ ipBlock }) => (ipBlock === undefined ? [] : rangesOfBlock(ipBlock))),
    groups: [],
  };
}

/** A podSelector alone looks into the policy's own namespace; together the two selectors must both hold. */
function podPeerOf(
  namespace: string,
  { podSelector, namespaceSelector }: NetworkPolicyPeer,
): PodPeer | undefined {
  if (namespaceSelector !== undefined) return podsOfNamespaces(namespaceSelector, podSelector ?? {});
  return podSelector === undefined ? undefined : ownPods(namespace, podSelector);
}

/** Pods of all namespaces that a selector selects. */
export function podsOfNamespaces(namespaces: LabelSelector, pods: LabelSelector): PodPeer {
  const key = `namespaces ${selectorKey(namespaces)} pods ${selectorKey(pods)}`;
  return { key, namespaces: { selector: namespaces }, pods };
}

function ownPods(namespace: string, pods: LabelSelector): PodPeer {
  return { key: `namespace ${namespace} pods ${selectorKey(pods)}`, namespaces: { name: namespace }, pods };
}

function compilePorts(ports: readonly NetworkPolicyPort[]): RulePorts {
  if (ports.length === 0) return { numbered: 'all', named: [] };
  const numbered: PortRange[] = [];
  const named: PortName[] = [];
  for (const { protocol = 'TCP', port, endPort } of ports) {
    if (port === undefined) numbered.push(everyPortOf(protocol));
    else if (typeof port === 'string') named.push({ protocol, name: port });
    else if (endPort === undefined || endPort >= port)
      numbered.push({ protocol, first: port, last: endPort ?? port });
  }
  return { numbered: canonicalPorts(numbered), named };
}
