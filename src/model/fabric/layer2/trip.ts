import { familyOf, parseAddress } from '../../../lib/address.ts';
import { contains, formatPrefix, parsePrefix, type Prefix } from '../../../lib/prefix.ts';
import type { Machine, MachineInterface, RouteOrigin } from '../machines.ts';

/** Machines on segments, as packets find them. */
export interface SegmentMachines {
  readonly machines: readonly Machine[];
  /** Segments whose switches are connected are one broadcast domain, by this name. */
  broadcastDomain(segment: string): string;
  /** Netns of the machine that answers for an address which is none of its own: a load balancer's, on its segment. */
  answersFor(address: string): string | undefined;
}

/** The route that a machine takes: of those with the longest prefix the one with the lowest metric. */
export interface TakenRoute {
  readonly destination: string;
  readonly link: string;
  /** Next hop; undefined where the destination itself is on the link. */
  readonly via: string | undefined;
  readonly metric: number;
  readonly from: RouteOrigin | undefined;
  /** Those to the same destination that come behind it. */
  readonly before: readonly Pick<TakenRoute, 'metric' | 'from'>[];
}

/** One machine handing the packet to the next. */
export interface Leg {
  readonly machine: Machine;
  readonly nic: MachineInterface;
  readonly route: TakenRoute;
  /** The packet's source as it comes to the machine, and as it leaves. */
  readonly was: string;
  readonly source: string;
}

export type TripLoss =
  /** No route, or one that refuses. */
  | 'no-route'
  /** Nobody on the segment has the next hop. */
  | 'nobody'
  /** The machine was handed what is not for it, and does not forward. */
  | 'not-forwarding'
  /** The address is its own, on another interface, and it takes packets by the interface that has their address alone. */
  | 'other-interface'
  /** It masquerades, and has not seen what this answers. */
  | 'unseen'
  | 'circle';

export interface Trip {
  readonly legs: readonly Leg[];
  /** Where it ended, or was lost. */
  readonly at: Machine;
  readonly lost: TripLoss | undefined;
  /** Whom nobody has, or where no route leads. */
  readonly wanted: string;
  /** As the packet is at the end. */
  readonly source: string;
  readonly destination: string;
}

export interface TripOptions {
  readonly destination: string;
  /** Absent: the address of the interface by which it leaves. */
  readonly source?: string | undefined;
  /** Machines that decide by themselves what to do with what is not for them; the first one is none. */
  readonly isStop?: (machine: Machine) => boolean;
  /** For an answer: the way that the packet came. */
  readonly came?: Trip;
}

/** More machines than this in a row are a circle. */
const mostLegs = 16;

/**
 * Walks a packet from machine to machine, as their kernels would: the longest prefix, then the lowest metric; whoever on the
 * segment has the next hop; the own address in place of others' where an interface masquerades, and back again for answers.
 */
export function tripOf(world: SegmentMachines, first: Machine, options: TripOptions): Trip {
  const legs: Leg[] = [];
  let machine = first;
  let by: MachineInterface | undefined;
  let packet: TripPacket = { source: options.source ?? '', destination: options.destination };
  const end = (lost?: TripLoss, wanted = packet.destination): Trip => ({
    legs,
    at: machine,
    lost,
    wanted,
    ...packet,
  });
  for (;;) {
    const arrived = arrive(machine, packet, { ...options, by, isFirst: legs.length === 0 });
    if ('end' in arrived) {
      packet = arrived.packet;
      return end(arrived.end);
    }
    packet = arrived.packet;
    if (legs.length > mostLegs) return end('circle');
    const sent = depart(world, machine, { packet, came: options.came });
    packet = { ...packet, source: sent.source };
    if ('lost' in sent) return end(sent.lost, sent.wanted);
    legs.push(sent.leg);
    ({ machine, nic: by } = sent.next);
  }
}

interface TripPacket {
  readonly source: string;
  readonly destination: string;
}

interface Arrival extends Pick<TripOptions, 'came' | 'isStop'> {
  readonly isFirst: boolean;
  /** By which interface it came. */
  readonly by: MachineInterface | undefined;
}

/** What a machine does with a packet that it has: it is for it (or is lost there), or goes on. */
function arrive(
  machine: Machine,
  packet: TripPacket,
  { came, isStop, isFirst, by }: Arrival,
): { readonly packet: TripPacket; readonly end?: TripLoss | undefined } {
  if (isElsewhere(machine, packet.destination, by)) return { packet, end: 'other-interface' };
  if (hasAddress(machine, packet.destination)) {
    const meant = answeredFor(came, machine, packet.destination);
    if (meant === undefined) return { packet, end: undefined };
    // What it put its own address into: connection tracking knows for whom the answer is.
    const answer = { ...packet, destination: meant };
    if (hasAddress(machine, meant) || machine === came?.legs[0]?.machine)
      return { packet: answer, end: undefined };
    return onwards(machine, answer, isFirst);
  }
  const isTaken = answers(machine, packet.destination) || isStop?.(machine) === true;
  return !isFirst && isTaken ? { packet, end: undefined } : onwards(machine, packet, isFirst);
}

/** Whether the address is the machine's own, but not to be reached by this interface of it. */
function isElsewhere(machine: Machine, address: string, by: MachineInterface | undefined): boolean {
  const { strongHost, interfaces } = machine;
  if (strongHost === undefined || by === undefined || isOn(by, address)) return false;
  return strongHost.others.includes(address) || interfaces.some((nic) => isOn(nic, address));
}

function onwards(
  machine: Machine,
  packet: TripPacket,
  isFirst: boolean,
): { readonly packet: TripPacket; readonly end?: TripLoss } {
  return isFirst || machine.forwards === true ? { packet } : { packet, end: 'not-forwarding' };
}

type Departure =
  | { readonly source: string; readonly leg: Leg; readonly next: Neighbour }
  | { readonly source: string; readonly lost: TripLoss; readonly wanted?: string };

/** By which route and interface a machine hands the packet on, and to whom. */
function depart(
  world: SegmentMachines,
  machine: Machine,
  { packet, came }: { readonly packet: TripPacket; readonly came: Trip | undefined },
): Departure {
  const { source, destination } = packet;
  const route = routeOf(machine, destination);
  const nic = machine.interfaces.find(({ name }) => name === route?.link);
  if (route === undefined || nic === undefined) return { source, lost: 'no-route' };
  const hop = route.via ?? destination;
  const own = ownAddress(nic, hop);
  const was = source === '' ? own : source;
  const next = neighbourOf(world, { machine, nic, address: hop });
  if (next === undefined) return { source: was, lost: 'nobody', wanted: hop };
  if (isUnseen(machine, nic, came)) return { source: was, lost: 'unseen' };
  const isHidden = came === undefined && machine.masquerades?.includes(nic.name) === true;
  const leaves = isHidden ? own : was;
  return { source: leaves, leg: { machine, nic, route, was, source: leaves }, next };
}

/** Where a machine that masqueraded has sent on what this answers: the source that it took away. */
function answeredFor(came: Trip | undefined, machine: Machine, address: string): string | undefined {
  const leg = came?.legs.find((one) => one.machine === machine && one.source === address);
  return leg === undefined || leg.was === leg.source ? undefined : leg.was;
}

/** An answer by another way: whoever masquerades there has seen no connection that it belongs to. */
function isUnseen(machine: Machine, nic: MachineInterface, came: Trip | undefined): boolean {
  if (came === undefined || machine === came.at || machine.masquerades?.includes(nic.name) !== true)
    return false;
  return !came.legs.some((leg) => leg.machine === machine);
}

/** Whether a machine answers for an address that it does not have: for all that no route of its own is about. */
function answers(machine: Machine, destination: string): boolean {
  return machine.answersForAll === true && candidatesFor(machine, destination).length === 0;
}

/** The route that a machine takes towards an address; undefined where it has none, or one that refuses. */
export function routeOf(machine: Machine, destination: string): TakenRoute | undefined {
  const [best, ...others] = candidatesFor(machine, destination);
  if (best === undefined || best.via === 'unreachable') return undefined;
  const before = others
    .filter(({ prefix }) => prefix.length === best.prefix.length)
    .map(({ metric, from }) => ({ metric, from }));
  const { link, via, metric, from } = best;
  return { destination: formatPrefix(best.prefix), link, via, metric, from, before };
}

/** Routes that an address fits, the one that counts first. */
function candidatesFor(machine: Machine, destination: string): Candidate[] {
  const address = parseAddress(destination);
  if (address === undefined) return [];
  return routesOf(machine)
    .filter(({ prefix }) => contains(prefix, address))
    .toSorted((a, b) => b.prefix.length - a.prefix.length || a.metric - b.metric);
}

type Candidate = Omit<TakenRoute, 'destination' | 'before'> & {
  readonly prefix: Prefix;
};

function routesOf(machine: Machine): Candidate[] {
  const onLink = machine.interfaces.flatMap(({ name, addresses }) =>
    addresses.flatMap((text): Candidate[] => {
      const prefix = parsePrefix(text);
      return prefix === undefined ? [] : [{ prefix, link: name, via: undefined, metric: 0, from: undefined }];
    }),
  );
  const others = machine.routes.flatMap(({ destination, via, metric = 0, link, from }): Candidate[] => {
    const prefix = parsePrefix(destination);
    const by = link ?? linkTowards(machine, via);
    return prefix === undefined
      ? []
      : [{ prefix, link: by, via: via === '' ? undefined : via, metric, from }];
  });
  return [...onLink, ...others];
}

function linkTowards(machine: Machine, via: string): string {
  const hop = parseAddress(via);
  const nic = machine.interfaces.find(({ addresses }) =>
    addresses.some((text) => {
      const prefix = parsePrefix(text);
      return hop !== undefined && prefix !== undefined && contains(prefix, hop);
    }),
  );
  return (nic ?? machine.interfaces[0])?.name ?? '';
}

/** Who has a next hop, and by which interface it takes what is sent there. */
interface Neighbour {
  readonly machine: Machine;
  readonly nic: MachineInterface;
}

function neighbourOf(
  world: SegmentMachines,
  {
    machine,
    nic,
    address,
  }: { readonly machine: Machine; readonly nic: MachineInterface; readonly address: string },
): Neighbour | undefined {
  const there = neighboursIn(world).get(world.broadcastDomain(nic.segment));
  const isOther = (one: Neighbour): boolean => one.machine !== machine;
  const owner = there?.byAddress.get(address)?.find(isOther);
  const speaker = owner === undefined ? world.answersFor(address) : undefined;
  return owner ?? (speaker === undefined ? undefined : there?.byNetns.get(speaker)?.find(isOther));
}

/** Who is in a broadcast domain. */
interface Neighbours {
  readonly byAddress: ReadonlyMap<string, readonly Neighbour[]>;
  readonly byNetns: ReadonlyMap<string, readonly Neighbour[]>;
}

const known = new WeakMap<SegmentMachines, ReadonlyMap<string, Neighbours>>();

/** By broadcast domain; found once, for a world is a value. */
function neighboursIn(world: SegmentMachines): ReadonlyMap<string, Neighbours> {
  const found = known.get(world) ?? findNeighbours(world);
  known.set(world, found);
  return found;
}

function findNeighbours({ machines, ...world }: SegmentMachines): Map<string, Neighbours> {
  const plugged = machines.flatMap((machine) => machine.interfaces.map((nic) => ({ machine, nic })));
  const byDomain = Map.groupBy(plugged, ({ nic }) => world.broadcastDomain(nic.segment));
  return new Map(
    Array.from(byDomain, ([domain, there]) => {
      const addressed = there.flatMap((one) =>
        one.nic.addresses.map((text) => ({ address: bare(text), one })),
      );
      const byAddress = Map.groupBy(addressed, ({ address }) => address);
      return [
        domain,
        {
          byAddress: new Map(Array.from(byAddress, ([address, all]) => [address, all.map(({ one }) => one)])),
          byNetns: Map.groupBy(there, ({ machine }) => machine.netns),
        },
      ];
    }),
  );
}

/** What the kernel takes as the source of what it sends: the interface's address that is nearest to the next hop. */
function ownAddress({ addresses }: MachineInterface, hop: string): string {
  const [family, address] = [familyOf(hop), parseAddress(hop)];
  const own = addresses.filter((text) => familyOf(text) === family);
  const near = own.find((text) => {
    const prefix = parsePrefix(text);
    return address !== undefined && prefix !== undefined && contains(prefix, address);
  });
  return bare(near ?? own[0] ?? '');
}

function hasAddress({ interfaces }: Machine, address: string): boolean {
  return interfaces.some((nic) => isOn(nic, address));
}

function isOn({ addresses }: MachineInterface, address: string): boolean {
  return addresses.some((text) => bare(text) === address);
}

const bare = (text: string): string => text.replace(/\/.*$/, '');
