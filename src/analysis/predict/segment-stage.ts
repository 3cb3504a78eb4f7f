import { bitsOf, familyOf, inFamily } from '../../lib/address.ts';
import {
  clusterSegment,
  internetSegment,
  machineNetns,
  nodeSegment,
} from '../../model/fabric/default-fabric.ts';
import { routeOf, tripOf, type Trip } from '../../model/fabric/layer2/trip.ts';
import type { Machine } from '../../model/fabric/machines.ts';
import { nodeAddresses, nodeLink } from '../../model/network/topology.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import type { Judged, Outcome, Reason } from '../flow.ts';
import type { SegmentWorld } from '../segment-world.ts';
import { legWords, tripLossWords, type TripTold } from './trip-words.ts';
import { ended, step, type Walk } from './walk.ts';

/** A packet that a machine has now. */
export interface Landed {
  readonly walk: Walk;
  readonly machine: Machine;
}

/** A node's address towards what it leaves for by a further interface; undefined where that is not so. */
export function furtherSource({ segments }: ClusterIndex, node: string, address: string): string | undefined {
  const machine = segments?.machine(`node:${node}`);
  const link = machine === undefined ? undefined : routeOf(machine, address)?.link;
  if (segments === undefined || machine === undefined || link === undefined || link === nodeLink)
    return undefined;
  return tripOf(segments, machine, { destination: address }).legs[0]?.source;
}

/** The further interface by which a pod leaves for an address; undefined where that is `eth0`. */
export function podExit(
  { segments }: ClusterIndex,
  pod: string,
  address: string,
): { readonly machine: Machine; readonly key: string; readonly source: string } | undefined {
  const machine = segments?.pod(pod);
  const route = machine === undefined ? undefined : routeOf(machine, address);
  if (segments === undefined || machine === undefined || route === undefined) return undefined;
  const { source } = tripOf(segments, machine, { destination: address });
  return { machine, key: `${pod} ${route.link}`, source: source === '' ? address : source };
}

/**
 * The machine that sends from outside the cluster: the one that is named, or that has the address. The internet does where
 * it leads to what segments have.
 */
export function sendingMachine(
  { segments }: ClusterIndex,
  { address, machine, destination }: { address: string; machine: string | undefined; destination: string },
): Machine | undefined {
  if (segments === undefined) return undefined;
  if (machine !== undefined) return segments.machine(machine);
  const has = ({ interfaces }: Machine, wanted: string): boolean =>
    interfaces.some(({ addresses }) => addresses.some((text) => text.replace(/\/.*$/, '') === wanted));
  const owner = segments.machines.find((one) => has(one, address));
  const isTheirs = segments.machines.some(
    (one) => has(one, destination) && one.interfaces.every(({ segment }) => !isOwn(segment)),
  );
  return owner?.answersForAll === true && !isTheirs ? undefined : owner;
}

/**
 * The segments as a packet for an address finds them: for each node that announces it by BGP once, where the lab's router has a
 * route to that node.
 */
export function worldsTowards(
  { segments, nextHops, places }: ClusterIndex,
  address: string,
): readonly (SegmentWorld | undefined)[] {
  const hops = segments === undefined ? [] : (nextHops.get(address) ?? []);
  if (segments === undefined || hops.length === 0) return [segments];
  return hops.map((hop) => {
    const place = places.get(hop);
    const via = place && inFamily(nodeAddresses(place), familyOf(address));
    const route = { destination: `${address}/${bitsOf(familyOf(address))}`, via: via ?? 'unreachable' };
    const machines = segments.machines.map((one) =>
      one.netns === machineNetns.router ? { ...one, routes: [...one.routes, route] } : one,
    );
    return { ...segments, machines };
  });
}

/** Walks over segments until a machine has the packet, or a node, which knows better what to do with it. */
export function crossSegments(
  walk: Walk,
  from: Machine,
  { source, world }: { readonly source?: string | undefined; readonly world: SegmentWorld | undefined },
): Landed | Outcome {
  if (world === undefined) return { walk, machine: from };
  const { destination } = walk.packet;
  const isStop = (machine: Machine): boolean => world.nameOf(machine).startsWith('node:');
  const trip = tripOf(world, from, { destination, source, isStop });
  const carried = isPlain(trip) ? walk : takeLegs(walk, world, trip);
  if (trip.lost !== undefined) return lose(carried, tripLossWords(world, trip));
  const packet = { ...walk.packet, source: trip.source === '' ? walk.packet.source : trip.source };
  const trips = [...walk.trips, trip];
  return { machine: trip.at, walk: { ...carried, packet, trips, landed: trip.at } };
}

/** Whether an answer finds back over the segments that the packet has come by. */
export function findBackOverSegments(walk: Walk): Walk | Outcome {
  const world = walk.question.index.segments;
  if (world === undefined) return walk;
  for (const came of walk.trips.toReversed()) {
    const [first] = came.legs;
    if (first === undefined) continue;
    const back = tripOf(world, came.at, { source: came.destination, destination: came.source, came });
    const isBack = back.at === first.machine && back.lost === undefined;
    if (!isBack) {
      const told = tripLossWords(world, back);
      return lose(walk, { ...told, text: `the answer is lost: ${told.text}` });
    }
  }
  return walk;
}

/** What a policy about a further interface is asked. */
export function interfaceStage(
  { packet, question: { index, protocol } }: Walk,
  direction: Judged['direction'],
  key: string,
): Judged | undefined {
  const one = index.segments?.interfaces.get(key);
  if (one === undefined) return undefined;
  const [address, peerAddress] =
    direction === 'egress' ? [packet.source, packet.destination] : [packet.destination, packet.source];
  const peer = index.segments?.peerAt(key, peerAddress);
  const ends = { direction, pod: one.pod, address, peerAddress, interface: { key, peer } };
  return { ...ends, protocol, port: packet.port };
}

/** Segments that every lab has: ways over these alone are told as those to what is outside. */
const isOwn = (segment: string): boolean =>
  segment === nodeSegment || segment === internetSegment || segment === clusterSegment;

function isPlain({ legs, lost }: Trip): boolean {
  return lost === undefined && legs.every(({ nic }) => isOwn(nic.segment));
}

function takeLegs(walk: Walk, world: SegmentWorld, { legs, at }: Trip): Walk {
  return legs.reduce((before, leg, index) => {
    const next = world.nameOf(legs[index + 1]?.machine ?? at);
    const told = legWords(world, leg, next);
    const packet = { ...before.packet, source: leg.source };
    return step(before, { at: told.at, action: told.text, reasons: reasonsOf(walk, told) }, { packet });
  }, walk);
}

function reasonsOf({ question }: Walk, { object, rule, where }: TripTold): Reason[] {
  if (where === undefined) return [];
  return [{ stage: 'route', object, rule, verdict: 'allowed', ...question.sourceOf?.(where, where.path) }];
}

function lose(walk: Walk, { at, text, object, rule, where }: TripTold): Outcome {
  const place = where === undefined ? undefined : walk.question.sourceOf?.(where, where.path);
  const reason: Reason = { stage: 'route', object, rule, verdict: 'unreachable', ...place };
  return ended(walk, [reason], { at, why: text });
}
