import type { Trip } from '../../model/fabric/layer2/trip.ts';
import type { Machine } from '../../model/fabric/machines.ts';
import type { Journey } from '../../model/fabric/network/journey.ts';
import type { Entry, Exit, NetworkPacket } from '../../model/fabric/network/passage.ts';
import type { ServiceHop } from '../../model/network/source.ts';
import type { Place } from '../../model/network/topology.ts';
import type { PortProtocol } from '../../model/policy/port-set.ts';
import type { ClusterIndex } from '../cluster-index.ts';
import type { Hop, Judged, Outcome, Reason, SourceOf } from '../flow.ts';

/** What stays the same for a whole prediction. */
interface Question {
  readonly index: ClusterIndex;
  readonly protocol: PortProtocol;
  readonly sourceOf: SourceOf | undefined;
  /** The domain name that was asked for, and the address that stands for those it may have. */
  readonly domain?: { readonly name: string; readonly address: string } | undefined;
  /** Whether only the way counts: policies are asked and let everything through, and whoever is there listens. */
  readonly isWayOnly?: boolean;
}

/** A packet under way, with what has been decided so far. A step makes a new one: backends fork the way. */
export interface Walk {
  readonly question: Question;
  /** Who sent the packet as it is now: the first sender, or a node that put its own address in. */
  readonly sender: Place;
  readonly packet: Packet;
  /** The Service that chose where the packet goes, and the node where it did. */
  readonly service: ServiceHop | undefined;
  readonly backend: string | undefined;
  /** Virtual networks it has come through, and whom the last of them has handed it to. */
  readonly crossings: readonly Crossing[];
  readonly reached?: Exit;
  /** Ways over segments that it has come, and the machine that has it now. */
  readonly trips: readonly Trip[];
  readonly landed?: Machine;
  readonly reasons: readonly Reason[];
  readonly path: readonly Hop[];
  readonly judged: readonly Judged[];
}

/** A packet's way through virtual networks, which whoever answers it has to take back. */
export interface Crossing {
  readonly sender: Entry;
  readonly packet: NetworkPacket;
  readonly journey: Journey;
}

interface Packet {
  readonly source: string;
  readonly destination: string;
  readonly port: number;
}

/** The walk with a step and its reasons added, and the packet and circumstances that follow from it. */
export function step(
  walk: Walk,
  { at, action, reasons = [] }: { at: string; action: string; reasons?: readonly Reason[] },
  after: Partial<
    Pick<Walk, 'packet' | 'service' | 'backend' | 'sender' | 'crossings' | 'reached' | 'trips' | 'landed'>
  > = {},
): Walk {
  const next = { ...walk, ...after, reasons: [...walk.reasons, ...reasons] };
  return { ...next, path: [...walk.path, { at, action, packet: formatPacket(next) }] };
}

/** `TCP 10.244.0.2 -> 10.96.0.10:53` */
function formatPacket({ packet: { source, destination, port }, question }: Walk): string {
  const { protocol, domain } = question;
  const [word, at] = protocol === 'other' ? ['ICMP', ''] : [protocol, `:${port}`];
  const address = destination.includes(':') ? `[${destination}]` : destination;
  const host = destination === domain?.address ? domain.name : address;
  return `${word} ${source} -> ${host}${at}`;
}

/** The end of a walk that somebody answers. */
export function answered({ backend, reasons, path, judged }: Walk, sourceSeen: string): Outcome {
  return { verdict: 'allowed', why: undefined, backend, sourceSeen, reasons, path, judged };
}

/** The end of a walk at a decision against it. */
export function ended(
  walk: Walk,
  reasons: readonly Reason[],
  {
    at,
    why,
    verdict = reasons[0]?.verdict ?? 'unreachable',
  }: { at: string; why: string; verdict?: Outcome['verdict'] },
): Outcome {
  const last = step(walk, { at, action: why, reasons });
  return {
    verdict,
    why,
    backend: walk.backend,
    sourceSeen: undefined,
    reasons: last.reasons,
    path: last.path,
    judged: walk.judged,
  };
}
