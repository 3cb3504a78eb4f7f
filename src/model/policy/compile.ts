import { selectorKey } from '../../api/selector.ts';
import type { LabelSelector, Protocol } from '../../api/types/meta.ts';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../api/types/network.ts';
import type { AddressRange } from '../../lib/prefix.ts';
import { canonicalPorts, everyPortOf, type PortRange, type PortSet } from './port-set.ts';
import { rangesOfBlock } from './ranges.ts';

export type Direction = 'ingress' | 'egress';

/** A NetworkPolicy with its defaults applied and its meaning spelled out; it depends on no other object. */
export interface CompiledPolicy {
  /** `namespace/name` */
  readonly key: string;
  readonly namespace: string;
  /** Selects the pods of the namespace that the policy isolates. */
  readonly subject: LabelSelector;
  /** Undefined where the policy does not isolate in that direction. */
  readonly ingress: readonly CompiledRule[] | undefined;
  readonly egress: readonly CompiledRule[] | undefined;
}

export interface CompiledRule {
  /** Where it stands in the object: `spec.ingress[0]`. */
  readonly path: string;
  readonly peers: 'anywhere' | RulePeers;
  readonly ports: RulePorts;
}

/** Any of them may be the peer. */
interface RulePeers {
  readonly pods: readonly PodPeer[];
  readonly ranges: readonly AddressRange[];
}

/** Pods that match `pods`, in one namespace given by name or in all that the selector selects. */
export interface PodPeer {
  /** Equal for peers that select the same pods whatever pods there are. */
  readonly key: string;
  readonly namespaces: { readonly name: string } | { readonly selector: LabelSelector };
  readonly pods: LabelSelector;
}

/** The ports a rule opens: by number, and by names that each destination pod resolves for itself. */
interface RulePorts {
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
export function compilePolicy(key: string, { spec }: NetworkPolicy): CompiledPolicy {
  const namespace = key.slice(0, key.indexOf('/'));
  const ingress = spec.ingress ?? [];
  const egress = spec.egress ?? [];
  const types = spec.policyTypes ?? (egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress']);
  return {
    key,
    namespace,
    subject: spec.podSelector ?? {},
    ingress: types.includes('Ingress')
      ? ingress.map(({ from, ports }, index) => ({
          path: `spec.ingress[${index}]`,
          peers: compilePeers(namespace, from ?? []),
          ports: compilePorts(ports ?? []),
        }))
      : undefined,
    egress: types.includes('Egress')
      ? egress.map(({ to, ports }, index) => ({
          path: `spec.egress[${index}]`,
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
  };
}

/** A podSelector alone looks into the policy's own namespace; together the two selectors must both hold. */
function podPeerOf(
  namespace: string,
  { podSelector, namespaceSelector }: NetworkPolicyPeer,
): PodPeer | undefined {
  const pods = podSelector ?? {};
  if (namespaceSelector !== undefined) {
    const key = `namespaces ${selectorKey(namespaceSelector)} pods ${selectorKey(pods)}`;
    return { key, namespaces: { selector: namespaceSelector }, pods };
  }
  if (podSelector === undefined) return undefined;
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
