import type {
  ClusterNetworkPolicy,
  ClusterNetworkPolicyProtocol,
  DestinationPort,
  EgressPeer,
  PolicySubject,
} from '../../../api/types/policy.ts';
import { parseAddress } from '../../../lib/address.ts';
import { contains, parsePrefix } from '../../../lib/prefix.ts';
import type { PodFacts } from '../port.ts';
import { nodeAddresses, selects, type Packet, type World } from './naive-world.ts';

/** What one tier of ClusterNetworkPolicies says: the action of the first rule that matches, by priority and name. */
export function naiveTier(
  world: World,
  policies: readonly ClusterNetworkPolicy[],
  tier: 'Admin' | 'Baseline',
  packet: Packet,
): 'Accept' | 'Deny' | 'Pass' | undefined {
  const ordered = policies
    .filter(({ spec }) => spec.tier === tier)
    .sort((a, b) => a.spec.priority - b.spec.priority || (a.metadata.name < b.metadata.name ? -1 : 1));
  for (const { spec } of ordered) {
    const subject = world.pods.get(packet.subject);
    if (subject === undefined || !isOneOf(world, spec.subject, subject)) continue;
    const rules =
      packet.direction === 'ingress'
        ? (spec.ingress ?? []).map(({ from, ...rule }) => ({ ...rule, peers: from as EgressPeer[] }))
        : (spec.egress ?? []).map(({ to, ...rule }) => ({ ...rule, peers: to }));
    for (const { action, peers, protocols } of rules) {
      const isPeer = peers.some((peer) => isThePeer(world, peer, packet));
      if (isPeer && (protocols === undefined || protocols.some((one) => isItsPort(world, one, packet))))
        return action;
    }
  }
  return undefined;
}

function isOneOf(world: World, { namespaces, pods }: PolicySubject, pod: PodFacts): boolean {
  const labels = { ...world.namespaces.get(pod.namespace), 'kubernetes.io/metadata.name': pod.namespace };
  if (namespaces !== undefined) return selects(namespaces, labels);
  if (pods === undefined) return false;
  return selects(pods.namespaceSelector ?? {}, labels) && selects(pods.podSelector ?? {}, pod.labels);
}

function isThePeer(world: World, peer: EgressPeer, { peer: key, address }: Packet): boolean {
  if (peer.networks !== undefined) return peer.networks.some((cidr) => isIn(cidr, address));
  const { nodes, domainNames } = peer;
  if (nodes !== undefined) {
    return [...world.nodes].some(
      ([name, labels]) => selects(nodes, labels) && nodeAddresses[name] === address,
    );
  }
  if (domainNames !== undefined) {
    return [...world.domains].some(
      ([name, addresses]) =>
        addresses.includes(address) && domainNames.some((pattern) => means(pattern, name)),
    );
  }
  const pod = key === undefined ? undefined : world.pods.get(key);
  return pod !== undefined && isOneOf(world, peer, pod);
}

function means(pattern: string, name: string): boolean {
  const plain = pattern.toLowerCase().replace(/\.$/, '');
  return plain.startsWith('*.') ? name.endsWith(plain.slice(1)) : name === plain;
}

function isIn(cidr: string, text: string): boolean {
  const [prefix, address] = [parsePrefix(cidr), parseAddress(text)];
  return prefix !== undefined && address !== undefined && contains(prefix, address);
}

function isItsPort(
  world: World,
  { destinationNamedPort: name, ...byProtocol }: ClusterNetworkPolicyProtocol,
  packet: Packet,
): boolean {
  if (name !== undefined) {
    const destination = world.pods.get(packet.direction === 'ingress' ? packet.subject : (packet.peer ?? ''));
    return (destination?.namedPorts ?? []).some(
      (port) => port.name === name && port.protocol === packet.protocol && port.port === packet.port,
    );
  }
  const match = byProtocol[packet.protocol === 'TCP' ? 'tcp' : packet.protocol === 'UDP' ? 'udp' : 'sctp'];
  return match !== undefined && isNumbered(match.destinationPort ?? {}, packet);
}

function isNumbered({ number, range }: DestinationPort, { port }: Packet): boolean {
  if (number !== undefined) return number === port;
  return range === undefined || (range.start <= port && port <= range.end);
}
