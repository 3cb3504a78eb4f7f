import type { Labels, LabelSelector, LabelSelectorRequirement, Protocol } from '../../../api/types/meta.ts';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../../api/types/network.ts';
import { parseAddress } from '../../../lib/address.ts';
import { contains, parsePrefix } from '../../../lib/prefix.ts';
import type { PodFacts } from '../port.ts';
import type { Change } from './arbitraries.ts';

/** The objects there are, plainly. */
export interface World {
  readonly namespaces: Map<string, Labels>;
  readonly policies: Map<string, NetworkPolicy>;
  readonly pods: Map<string, PodFacts>;
}

export function emptyWorld(): World {
  return { namespaces: new Map(), policies: new Map(), pods: new Map() };
}

export function applyChange(world: World, change: Change): void {
  const put = <T>(map: Map<string, T>, key: string, value: T | undefined): void => {
    if (value === undefined) map.delete(key);
    else map.set(key, value);
  };
  if (change.kind === 'namespace') put(world.namespaces, change.name, change.labels);
  else if (change.kind === 'policy') put(world.policies, change.key, change.policy);
  else put(world.pods, change.key, change.facts);
}

export interface Packet {
  readonly direction: 'ingress' | 'egress';
  readonly subject: string;
  readonly peer: string | undefined;
  readonly address: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/**
 * The documentation of NetworkPolicy, sentence by sentence over the API objects, with no index and nothing
 * shared with the model: what the model is measured by.
 */
export function isAllowedNaively(world: World, packet: Packet): boolean {
  const subject = world.pods.get(packet.subject);
  if (subject === undefined) return true;
  const isolating = [...world.policies.values()].filter(
    ({ metadata, spec }) =>
      metadata.namespace === subject.namespace &&
      selects(spec.podSelector ?? {}, subject.labels) &&
      (spec.policyTypes ?? ['Ingress', ...((spec.egress ?? []).length > 0 ? ['Egress'] : [])]).includes(
        packet.direction === 'ingress' ? 'Ingress' : 'Egress',
      ),
  );
  if (isolating.length === 0) return true;
  return isolating.some((policy) => policyAllows(world, policy, packet));
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

function selects({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((one) => holds(one, labels))
  );
}

function holds({ key, operator, values = [] }: LabelSelectorRequirement, labels: Labels): boolean {
  const value = labels[key];
  const isListed = value !== undefined && values.includes(value);
  return { In: isListed, NotIn: !isListed, Exists: value !== undefined, DoesNotExist: value === undefined }[
    operator
  ];
}
