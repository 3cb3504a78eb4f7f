import type { Protocol } from '../../../src/api/types/meta.ts';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../../src/api/types/network.ts';
import { inCidr } from './cidr.ts';
import { selects } from './selector.ts';
import { labelsOfNamespace, podWithAddress, type World, type WorldPod } from './world.ts';

/** A packet as a policy looks at it: who it is about, which way, and the address at the other end. */
export interface Judged {
  readonly pod: WorldPod;
  readonly direction: 'Ingress' | 'Egress';
  readonly other: string;
  readonly protocol: Protocol;
  /** Destination port, in both directions. */
  readonly port: number;
}

/**
 * What the NetworkPolicies say: a pod that no policy selects in a direction is not isolated in it, and they say nothing
 * (undefined); an isolated one may do what any rule of any selecting policy allows.
 */
export function networkPoliciesAllow(world: World, judged: Judged): boolean | undefined {
  const selecting = world.policies.filter((policy) => isolates(policy, judged));
  if (selecting.length === 0) return undefined;
  return selecting.some((policy) => policyAllows(world, policy, judged));
}

function isolates(policy: NetworkPolicy, { pod, direction }: Judged): boolean {
  if ((policy.metadata.namespace ?? 'default') !== pod.namespace) return false;
  if (!selects(policy.spec.podSelector ?? {}, pod.labels)) return false;
  return typesOf(policy).includes(direction);
}

/** "Policies that contain an egress section are assumed to affect egress, all policies to affect ingress." */
function typesOf({ spec }: NetworkPolicy): readonly string[] {
  if (spec.policyTypes !== undefined && spec.policyTypes.length > 0) return spec.policyTypes;
  return (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

function policyAllows(world: World, policy: NetworkPolicy, judged: Judged): boolean {
  const rules =
    judged.direction === 'Ingress'
      ? (policy.spec.ingress ?? []).map(({ from, ports }) => ({ peers: from ?? [], ports: ports ?? [] }))
      : (policy.spec.egress ?? []).map(({ to, ports }) => ({ peers: to ?? [], ports: ports ?? [] }));
  const namespace = policy.metadata.namespace ?? 'default';
  for (const { peers, ports } of rules) {
    // An empty or missing list matches everything.
    const peerMatches =
      peers.length === 0 || peers.some((peer) => matchesPeer(world, peer, { namespace, judged }));
    const portMatches = ports.length === 0 || ports.some((port) => matchesPort(world, port, judged));
    if (peerMatches && portMatches) return true;
  }
  return false;
}

function matchesPeer(
  world: World,
  peer: NetworkPolicyPeer,
  { namespace, judged }: { namespace: string; judged: Judged },
): boolean {
  if (peer.ipBlock !== undefined) return inBlock(peer.ipBlock, judged.other);
  const pod = podWithAddress(world, judged.other);
  if (pod === undefined) return false;
  if (peer.namespaceSelector === undefined) {
    // Without namespaceSelector: pods of the policy's own namespace.
    if (pod.namespace !== namespace) return false;
  } else if (!selects(peer.namespaceSelector, labelsOfNamespace(world, pod.namespace))) return false;
  return selects(peer.podSelector ?? {}, pod.labels);
}

function inBlock({ cidr, except = [] }: { cidr: string; except?: string[] }, address: string): boolean {
  return inCidr(cidr, address) && !except.some((hole) => inCidr(hole, address));
}

function matchesPort(
  world: World,
  { protocol = 'TCP', port, endPort }: NetworkPolicyPort,
  judged: Judged,
): boolean {
  if (protocol !== judged.protocol) return false;
  if (port === undefined) return true;
  if (typeof port === 'number') return port <= judged.port && judged.port <= (endPort ?? port);
  return namedPorts(world, port, judged).includes(judged.port);
}

/** A name stands for what the pod that receives calls so; other addresses have no named ports. */
export function namedPorts(
  world: World,
  name: string,
  { direction, pod, other, protocol }: Judged,
): number[] {
  const receiver = direction === 'Ingress' ? pod : podWithAddress(world, other);
  const ports = receiver?.ports ?? [];
  return ports.filter((port) => port.name === name && port.protocol === protocol).map(({ port }) => port);
}
