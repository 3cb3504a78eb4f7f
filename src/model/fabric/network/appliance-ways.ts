import type { EffectiveRoute } from './effective-routes.ts';
import { keyOfSubnet, type Lookups, type SubnetName } from './lookups.ts';
import type { NetworkInterface } from './world.ts';

/** A user's route to an appliance. */
export type ApplianceRoute = EffectiveRoute & Required<Pick<EffectiveRoute, 'table' | 'nextHopAddress'>>;

/** One passage of a packet through an appliance. */
export interface ApplianceStep {
  /** Where it is looked up. */
  readonly from: SubnetName;
  readonly route: ApplianceRoute;
  readonly hop: NetworkInterface;
}

/**
 * The appliances that packets for an address go round and round by, however they came there, by nothing but the routes of
 * users; empty where they end.
 */
export function circleFrom(lookups: Lookups, start: SubnetName, address: string): readonly ApplianceStep[] {
  const steps: ApplianceStep[] = [];
  let from: SubnetName | undefined = start;
  while (from !== undefined) {
    const next = stepFrom(lookups, from, address);
    if (next === undefined || lookups.isItself(next.hop, address)) return [];
    const known = steps.findIndex((earlier) => keyOfSubnet(earlier.from) === keyOfSubnet(next.from));
    if (known >= 0) return steps.slice(known);
    steps.push(next);
    from = lookups.exit(next.hop, address);
  }
  return [];
}

/**
 * The appliances that packets for an address pass until the network delivers them, by nothing but the routes of users; undefined
 * where it does not deliver them.
 */
export function appliancesTo(
  lookups: Lookups,
  start: SubnetName,
  address: string,
): readonly ApplianceStep[] | undefined {
  const steps: ApplianceStep[] = [];
  let from: SubnetName | undefined = start;
  while (from !== undefined) {
    const route = lookups.route(from, address);
    if (route?.nextHopType === 'VNetLocal' || route?.nextHopType === 'VNetPeering') return steps;
    const next = stepFrom(lookups, from, address);
    const isAgain = steps.some(({ hop }) => hop.netns === next?.hop.netns);
    if (next === undefined || isAgain) return undefined;
    steps.push(next);
    if (lookups.isItself(next.hop, address)) return steps;
    from = lookups.exit(next.hop, address);
  }
  return undefined;
}

function stepFrom(lookups: Lookups, from: SubnetName, address: string): ApplianceStep | undefined {
  const route = lookups.route(from, address);
  if (route === undefined || !isToAppliance(route)) return undefined;
  const hop = lookups.recipient(from.network, route.nextHopAddress);
  return hop?.forwards === true ? { from, route, hop } : undefined;
}

/** Whether it is a user's, and leads to an appliance. */
export function isToAppliance(route: EffectiveRoute): route is ApplianceRoute {
  const { nextHopType, nextHopAddress, table } = route;
  return nextHopType === 'VirtualAppliance' && nextHopAddress !== undefined && table !== undefined;
}
