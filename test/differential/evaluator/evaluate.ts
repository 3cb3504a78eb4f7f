import type { KubernetesObject } from '../../../src/api/types/meta.ts';
import { inCidr } from './cidr.ts';
import type { Outcome, Question } from './question.ts';
import { clusterIPsOf, serviceAction } from './services.ts';
import { policiesAllow } from './tiers.ts';
import {
  nodeNamed,
  nodeWithAddress,
  podWithAddress,
  readWorld,
  type World,
  type WorldNode,
  type WorldPod,
} from './world.ts';

/** The ranges that every cluster here gives its addresses from. */
const rangesOf = {
  IPv4: { pods: '10.244.0.0/16', services: '10.96.0.0/12' },
  IPv6: { pods: 'fd00:10:244::/56', services: 'fd00:10:96::/112' },
} as const;

/**
 * What may come of a connection, by the words of the Kubernetes API: an independent, slow and plain reading of
 * Services and policies that other implementations are compared with. Objects are those of a running cluster:
 * nodes with addresses and pod CIDRs, pods with addresses, Services with cluster addresses and node ports. Where a
 * Service chooses among several backends, every outcome that may come is listed, each once.
 */
export function evaluate(objects: readonly KubernetesObject[], question: Question): Outcome[] {
  const world = readWorld(objects, question.family ?? 'IPv4');
  const outcomes = travel(world, firstPacket(world, question));
  const distinct = new Map(outcomes.map((outcome) => [JSON.stringify(outcome), outcome]));
  return [...distinct.values()];
}

/** A packet at a place on its way. */
interface Packet {
  readonly source: string;
  readonly destination: string;
  readonly protocol: Question['protocol'];
  readonly port: number;
  /** The pod that sends it, while it is still on that pod's node. */
  readonly sender: WorldPod | undefined;
  /** The node it is at; undefined on a network outside. */
  readonly at: WorldNode | undefined;
  /** Who a Service chose, when one did, and how it was asked. */
  readonly backend?: string;
  readonly translatedBy?: 'cluster-ip' | 'node-port';
  readonly keepsSource?: boolean;
}

function firstPacket(world: World, { source, destination, protocol, port }: Question): Packet {
  const packet = { destination: destinationAddress(world, destination), protocol, port, sender: undefined };
  if (source.kind === 'external') {
    const at = source.via === undefined ? undefined : nodeNamed(world, source.via);
    return { ...packet, source: source.address, at };
  }
  if (source.kind === 'node') {
    const at = nodeNamed(world, source.node);
    return { ...packet, source: at.internalIP, at };
  }
  const pod = podNamed(world, source.pod);
  // What a hostNetwork pod sends is sent by its node.
  const sender = pod.hostNetwork ? undefined : pod;
  return { ...packet, source: pod.address, sender, at: nodeNamed(world, pod.node) };
}

function destinationAddress(world: World, destination: Question['destination']): string {
  if (destination.kind === 'external') return destination.address;
  if (destination.kind === 'node') return nodeNamed(world, destination.node).internalIP;
  if (destination.kind === 'pod') return podNamed(world, destination.pod).address;
  const service = world.services.find(({ metadata }) => {
    return `${metadata.namespace ?? 'default'}/${metadata.name}` === destination.service;
  });
  const address = service === undefined ? undefined : clusterIPsOf(service)[0];
  if (address === undefined) throw new RangeError(`${destination.service} has no cluster address`);
  return address;
}

function podNamed(world: World, key: string): WorldPod {
  const pod = world.pods.find((candidate) => candidate.key === key);
  if (pod === undefined) throw new RangeError(`no pod ${key}`);
  return pod;
}

/** From where it is to the end: the node's Service rules come first. */
function travel(world: World, packet: Packet): Outcome[] {
  if (packet.at === undefined) return arriveFromOutside(world, packet);
  const action = serviceAction(world, packet.at, packet);
  if (action.kind === 'rejected') return [{ verdict: 'rejected' }];
  if (action.kind === 'dropped') return [{ verdict: 'unreachable' }];
  if (action.kind === 'none') {
    return inCidr(rangesOf[world.family].services, packet.destination)
      ? [{ verdict: 'unreachable' }]
      : forward(world, packet);
  }
  const { by: translatedBy, keepsSource } = action;
  return action.backends.flatMap(({ address, port, name }) =>
    forward(world, { ...packet, destination: address, port, backend: name, translatedBy, keepsSource }),
  );
}

function arriveFromOutside(world: World, packet: Packet): Outcome[] {
  const node = nodeWithAddress(world, packet.destination);
  if (node !== undefined) return travel(world, { ...packet, at: node });
  const isClusterIP = world.services.some((service) => clusterIPsOf(service).includes(packet.destination));
  if (isClusterIP)
    throw new RangeError('nobody outside has a route to cluster addresses; say through which node');
  return arrive(world, packet, packet.source);
}

/** Leaves the node it is at, or ends there: egress is judged on the destination that it really goes to. */
function forward(world: World, packet: Packet): Outcome[] {
  // A node knows who is in its own block: what nobody has is dropped before policies are asked.
  if (
    isNobodys(world, packet.destination) &&
    packet.at !== undefined &&
    inCidr(packet.at.podCIDR, packet.destination)
  )
    return [{ verdict: 'unreachable' }];
  if (packet.sender !== undefined && !mayLeave(world, packet, packet.sender)) return [{ verdict: 'denied' }];
  const seen = sourceSeen(world, packet);
  const node = nodeWithAddress(world, packet.destination);
  if (node !== undefined && node.name !== packet.at?.name) {
    // To the next node, where its rules come first again: it may be one of its node ports.
    const { translatedBy: _, keepsSource: __, ...rest } = packet;
    return travel(world, { ...rest, source: seen, sender: undefined, at: node });
  }
  return arrive(world, packet, seen);
}

function mayLeave(world: World, { destination, protocol, port }: Packet, sender: WorldPod): boolean {
  if (destination === sender.address) return true;
  if (nodeWithAddress(world, destination)?.name === sender.node) return true;
  return policiesAllow(world, { pod: sender, direction: 'Egress', other: destination, protocol, port });
}

/** The source address after the node that it is at has masqueraded it, or has not. */
function sourceSeen(world: World, packet: Packet): string {
  const { at, source, destination } = packet;
  if (at === undefined) return source;
  const sentByNode = source === at.internalIP;
  // What the node itself receives passes no masquerade; its own programs answer from the address they are asked at.
  if (destination === at.internalIP) return source;
  if (destination === at.tunnel) return sentByNode && packet.translatedBy === undefined ? at.tunnel : source;
  if (!sentByNode && !isMasqueraded(world, packet)) return source;
  // The node's address towards where it goes: the pod networks of other nodes are behind the tunnel.
  const receiver = podWithAddress(world, destination);
  const isBehindTunnel = receiver === undefined ? isTunnel(world, destination) : receiver.node !== at.name;
  return isBehindTunnel ? at.tunnel : at.internalIP;
}

function isMasqueraded(world: World, packet: Packet): boolean {
  const sentByPod = podWithAddress(world, packet.source) !== undefined;
  if (packet.translatedBy === 'node-port' && packet.keepsSource !== true) return true;
  if (packet.translatedBy === 'cluster-ip' && !sentByPod) return true;
  // A pod that is its own backend would answer itself directly, past the translation.
  if (packet.translatedBy !== undefined && packet.destination === packet.source) return true;
  // What a pod sends to no address of the pod network leaves it.
  const toPod = podWithAddress(world, packet.destination) !== undefined;
  return sentByPod && !toPod && !isTunnel(world, packet.destination);
}

const isTunnel = (world: World, address: string): boolean =>
  world.nodes.some(({ tunnel }) => tunnel === address);

/** At whoever has the destination address. */
function arrive(world: World, packet: Packet, seen: string): Outcome[] {
  const receiver = podWithAddress(world, packet.destination);
  if (receiver !== undefined && !mayEnter(world, packet, { receiver, seen })) return [{ verdict: 'denied' }];
  if (isNobodys(world, packet.destination)) return [{ verdict: 'unreachable' }];
  if (!isListening(world, packet)) return [{ verdict: 'refused' }];
  const backend = packet.backend === undefined ? {} : { backend: packet.backend };
  return [{ verdict: 'allowed', sourceSeen: seen, ...backend }];
}

/** An address of the pod network that is not given out. */
function isNobodys(world: World, address: string): boolean {
  if (podWithAddress(world, address) !== undefined || nodeWithAddress(world, address) !== undefined)
    return false;
  return inCidr(rangesOf[world.family].pods, address);
}

function mayEnter(
  world: World,
  { protocol, port }: Packet,
  { receiver, seen }: { receiver: WorldPod; seen: string },
): boolean {
  if (seen === receiver.address) return true;
  // Traffic from the node on which the pod runs is always allowed.
  if (nodeWithAddress(world, seen)?.name === receiver.node) return true;
  return policiesAllow(world, { pod: receiver, direction: 'Ingress', other: seen, protocol, port });
}

/** Containers listen on the ports they declare, those of hostNetwork pods at their node; outside, all is assumed. */
function isListening(world: World, { destination, protocol, port }: Packet): boolean {
  const receiver = podWithAddress(world, destination);
  const node = nodeWithAddress(world, destination);
  if (receiver === undefined && node === undefined) return true;
  const listeners =
    receiver === undefined
      ? world.pods.filter((pod) => pod.hostNetwork && pod.node === node?.name)
      : [receiver];
  return listeners.some(({ ports }) =>
    ports.some((listener) => listener.protocol === protocol && listener.port === port),
  );
}
