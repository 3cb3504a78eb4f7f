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
  const step = (from: SubnetName): ApplianceStep | undefined => {
    const route = lookups.route(from, address);
    if (route === undefined || !isToAppliance(route)) return undefined;
    const hop = lookups.recipient(from.network, route.nextHopAddress);
    return hop?.forwards === true ? { from, route, hop } : undefined;
  };
  const steps: ApplianceStep[] = [];
  let from: SubnetName | undefined = start;
  while (from !== undefined) {
    const next = step(from);
    if (next === undefined || lookups.isItself(next.hop, address)) return [];
    const known = steps.findIndex((earlier) => keyOfSubnet(earlier.from) === keyOfSubnet(next.from));
    if (known >= 0) return steps.slice(known);
    steps.push(next);
    from = lookups.exit(next.hop, address);
  }
  return [];
}

/** Whether it is a user's, and leads to an appliance. */
export function isToAppliance(route: EffectiveRoute): route is ApplianceRoute {
  const { nextHopType, nextHopAddress, table } = route;
  return nextHopType === 'VirtualAppliance' && nextHopAddress !== undefined && table !== undefined;
}
