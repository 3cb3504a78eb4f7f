import type {
  ClusterNetworkPolicyProtocol,
  EgressPeer,
  OlderPolicyPort,
  PolicySubject,
} from '../../../src/api/types/policy.ts';
import { inCidr } from './cidr.ts';
import { namedPorts, type Judged } from './policy.ts';
import { selects } from './selector.ts';
import { labelsOfNamespace, podWithAddress, type ClusterPolicy, type World, type WorldPod } from './world.ts';

/**
 * What one tier says of a packet: "policies with lower priority values are checked before", in each the rule written
 * first, and the first that matches is it. Of equal priorities (which upstream leaves open) the name decides, then
 * the kind. Undefined where no rule matches.
 */
export function tierSays(
  world: World,
  tier: 'Admin' | 'Baseline',
  judged: Judged,
): 'Accept' | 'Deny' | 'Pass' | undefined {
  const ordered = world.clusterPolicies.filter((policy) => tierOf(policy) === tier).toSorted(comesBefore);
  for (const policy of ordered) {
    if (!isAmong(world, policy.spec.subject, judged.pod)) continue;
    for (const { action, peers, ports } of rulesOf(policy, judged.direction)) {
      const isPeer = peers.some((peer) => isPeerOf(world, peer, judged));
      if (isPeer && ports(world, judged)) return action === 'Allow' ? 'Accept' : action;
    }
  }
  return undefined;
}

function tierOf(policy: ClusterPolicy): 'Admin' | 'Baseline' {
  if ('tier' in policy.spec) return policy.spec.tier;
  return policy.kind === 'AdminNetworkPolicy' ? 'Admin' : 'Baseline';
}

function comesBefore(a: ClusterPolicy, b: ClusterPolicy): number {
  const priorityOf = ({ spec }: ClusterPolicy): number => ('priority' in spec ? spec.priority : 0);
  if (priorityOf(a) !== priorityOf(b)) return priorityOf(a) - priorityOf(b);
  if (a.metadata.name !== b.metadata.name) return a.metadata.name < b.metadata.name ? -1 : 1;
  return a.kind < b.kind ? -1 : 1;
}

interface Rule {
  readonly action: 'Accept' | 'Allow' | 'Deny' | 'Pass';
  readonly peers: readonly EgressPeer[];
  readonly ports: (world: World, judged: Judged) => boolean;
}

function rulesOf({ spec }: ClusterPolicy, direction: Judged['direction']): Rule[] {
  const { ingress = [], egress = [] } = spec;
  const rules =
    direction === 'Ingress'
      ? ingress.map(({ from, ...rule }) => ({ ...rule, peers: from }))
      : egress.map(({ to, ...rule }) => ({ ...rule, peers: to }));
  return rules.map((rule) => ({
    action: rule.action,
    peers: rule.peers,
    ports: (world, judged) => {
      if ('protocols' in rule && rule.protocols !== undefined)
        return rule.protocols.some((one) => isProtocol(world, one, judged));
      if ('ports' in rule && rule.ports !== undefined)
        return rule.ports.some((one) => isOlderPort(world, one, judged));
      return true;
    },
  }));
}

/** Host-network pods are neither subjects nor peers: nobody is asked about them. */
function isAmong(world: World, { namespaces, pods }: PolicySubject, pod: WorldPod): boolean {
  const labels = labelsOfNamespace(world, pod.namespace);
  if (namespaces !== undefined) return selects(namespaces, labels);
  if (pods === undefined) return false;
  return selects(pods.namespaceSelector ?? {}, labels) && selects(pods.podSelector ?? {}, pod.labels);
}

function isPeerOf(world: World, peer: EgressPeer, { other }: Judged): boolean {
  const { networks, nodes } = peer;
  if (networks !== undefined) return networks.some((cidr) => inCidr(cidr, other));
  if (nodes !== undefined)
    return world.nodes.some(({ internalIP, labels }) => internalIP === other && selects(nodes, labels));
  const pod = podWithAddress(world, other);
  return pod !== undefined && isAmong(world, peer, pod);
}

function isProtocol(world: World, one: ClusterNetworkPolicyProtocol, judged: Judged): boolean {
  const { destinationNamedPort: name, tcp, udp, sctp } = one;
  if (name !== undefined) return namedPorts(world, name, judged).includes(judged.port);
  const match = { TCP: tcp, UDP: udp, SCTP: sctp }[judged.protocol];
  if (match === undefined) return false;
  const { number, range } = match.destinationPort ?? {};
  if (number !== undefined) return number === judged.port;
  return range === undefined || (range.start <= judged.port && judged.port <= range.end);
}

function isOlderPort(
  world: World,
  { portNumber, portRange, namedPort }: OlderPolicyPort,
  judged: Judged,
): boolean {
  if (namedPort !== undefined) return namedPorts(world, namedPort, judged).includes(judged.port);
  const { protocol = 'TCP' } = portNumber ?? portRange ?? {};
  if (protocol !== judged.protocol) return false;
  if (portNumber !== undefined) return portNumber.port === judged.port;
  return portRange !== undefined && portRange.start <= judged.port && judged.port <= portRange.end;
}
