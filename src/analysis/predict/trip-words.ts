import type { Leg, Trip } from '../../model/fabric/layer2/trip.ts';
import type { RouteOrigin } from '../../model/fabric/machines.ts';
import type { SegmentWorld } from '../segment-world.ts';

/** A decision of a machine on segments, for people. */
export interface TripTold {
  readonly at: string;
  readonly text: string;
  readonly object: string;
  readonly rule: string;
  /** Where the rule is written; absent where nobody wrote it. */
  readonly where: RouteOrigin | undefined;
}

/** How a machine hands a packet on. */
export function legWords(
  world: SegmentWorld,
  { machine, nic, route, was, source }: Leg,
  next: string,
): TripTold {
  const at = world.nameOf(machine);
  const where = route.via === undefined ? world.onLink(nic) : route.from;
  const object = where === undefined ? at : `${where.kind} ${where.key}`;
  const hop = route.via === undefined ? 'on its segment' : `by ${route.via}`;
  const metric = route.metric === 0 ? '' : `, metric ${route.metric}`;
  const others = route.before.map(({ metric: behind, from }) => `${from?.key ?? 'another'} (${behind})`);
  const before = others.length === 0 ? '' : `, before ${others.join(', ')}`;
  const rule = `${route.destination} ${hop}, ${nic.name}${metric}${before}`;
  const rewrite = was === source ? '' : `masquerades as ${source}, `;
  return { at, object, rule, where, text: `${rewrite}${rule}: to ${next}` };
}

/** Why a packet went no further, or its answer. */
export function tripLossWords(world: SegmentWorld, trip: Trip): TripTold {
  const { legs, at: machine, lost, wanted, destination } = trip;
  const at = world.nameOf(machine);
  const last = legs.at(-1);
  const texts: Readonly<Record<NonNullable<Trip['lost']>, string>> = {
    'no-route': `${at} has no route to ${destination}`,
    nobody: `nobody there has the address ${wanted}, which ${at} looks for on its segment`,
    'not-forwarding': `${at} is handed what is for ${destination} and does not forward`,
    'other-interface': `${at} has ${destination} on another interface, and takes nothing for it by this one`,
    unseen: `${at} puts its own address into what leaves there, and has not seen what this answers`,
    circle: `packets for ${destination} go round`,
  };
  const where = lost === 'not-forwarding' ? last?.route.from : undefined;
  return {
    at,
    text: texts[lost ?? 'no-route'],
    object: where === undefined ? at : `${where.kind} ${where.key}`,
    rule: 'routes',
    where,
  };
}
