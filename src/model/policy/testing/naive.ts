import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../../api/types/network.ts';
import { parseAddress } from '../../../lib/address.ts';
import { contains, parsePrefix } from '../../../lib/prefix.ts';
import type { PodFacts } from '../port.ts';
import { naiveTier } from './naive-tiers.ts';
import { selects, type Packet, type World } from './naive-world.ts';

/** Policies in audit mode count when they are asked for. */
export interface NaiveOptions {
  readonly withAudit?: boolean;
}

/**
 * The documentation of the policy kinds, sentence by sentence over the API objects, with no index and nothing
 * shared with the model: what the model is measured by. Tiers are asked in order: Admin, NetworkPolicy, Baseline.
 */
export function isAllowedNaively(world: World, packet: Packet, options: NaiveOptions = {}): boolean {
  const subject = world.pods.get(packet.subject);
  if (subject === undefined) return true;
  const counts = ({ metadata }: { metadata: { annotations?: Record<string, string> } }): boolean =>
    options.withAudit === true || metadata.annotations?.['policy.weft.dev/mode'] !== 'audit';
  const clusterPolicies = [...world.clusterPolicies.values()].filter(counts);
  const admin = naiveTier(world, clusterPolicies, 'Admin', packet);
  if (admin === 'Accept') return true;
  if (admin === 'Deny') return false;
  const isolating = [...world.policies.values()].filter(
    (policy) =>
      counts(policy) &&
      policy.metadata.namespace === subject.namespace &&
      selects(policy.spec.podSelector ?? {}, subject.labels) &&
      (
        policy.spec.policyTypes ?? ['Ingress', ...((policy.spec.egress ?? []).length > 0 ? ['Egress'] : [])]
      ).includes(packet.direction === 'ingress' ? 'Ingress' : 'Egress'),
  );
  if (isolating.length > 0) return isolating.some((policy) => policyAllows(world, policy, packet));
  return naiveTier(world, clusterPolicies, 'Baseline', packet) !== 'Deny';
}

function policyAllows(world: World, policy: NetworkPolicy, packet: Packet): boolean {
  const rules =
    packet.direction === 'ingress'
      ? (policy.spec.ingress ?? []).map(({ from, ports }) => ({ peers: from ?? [], ports: ports ?? [] }))
      : (policy.spec.egress ?? []).map(({ to, ports }) => ({ peers: to ?? [], ports: ports ?? [] }));
  const destination = world.pods.get(packet.direction === 'ingress' ? packet.subject : (packet.peer ?? ''));
  return rules.some(({ peers, ports }) => {
    const numbered = ports.length === 0 || ports.some((port) => numberMatches(port, packet));
    const named = ports.some((port) => nameMatches(port, packet, destination));
    if (peers.length === 0) return numbered || named;
    return peers.some((peer) => peerMatches(world, policy, peer, packet)) && (numbered || named);
  });
}

function peerMatches(world: World, policy: NetworkPolicy, peer: NetworkPolicyPeer, packet: Packet): boolean {
  if (peer.ipBlock !== undefined) {
    const inBlock = (cidr: string): boolean => {
      const [prefix, address] = [parsePrefix(cidr), parseAddress(packet.address)];
      return prefix !== undefined && address !== undefined && contains(prefix, address);
    };
    return inBlock(peer.ipBlock.cidr) && !(peer.ipBlock.except ?? []).some(inBlock);
  }
  const pod = packet.peer === undefined ? undefined : world.pods.get(packet.peer);
  if (pod === undefined) return false;
  if (peer.namespaceSelector === undefined) {
    if (pod.namespace !== policy.metadata.namespace) return false;
  } else {
    const labels = { ...world.namespaces.get(pod.namespace), 'kubernetes.io/metadata.name': pod.namespace };
    if (!selects(peer.namespaceSelector, labels)) return false;
  }
  return peer.podSelector === undefined || selects(peer.podSelector, pod.labels);
}

function numberMatches({ protocol = 'TCP', port, endPort }: NetworkPolicyPort, packet: Packet): boolean {
  if (protocol !== packet.protocol || typeof port === 'string') return false;
  return port === undefined || (port <= packet.port && packet.port <= (endPort ?? port));
}

function nameMatches(
  { protocol = 'TCP', port }: NetworkPolicyPort,
  packet: Packet,
  pod: PodFacts | undefined,
): boolean {
  if (protocol !== packet.protocol || pod === undefined) return false;
  return pod.namedPorts.some(
    (named) => named.name === port && named.protocol === protocol && named.port === packet.port,
  );
}
