import type { NextHopType, Site } from '../../../api/types/fabric.ts';
import { parseAddress } from '../../../lib/address.ts';
import { contains, parsePrefix, type Prefix } from '../../../lib/prefix.ts';
import { entrancesOf } from './entrances.ts';
import { peersOf, sitesOf, subnetOf, type NetworkWorld } from './world.ts';

/** Where a route leads, beside what a user's route can say. */
export type HopType = NextHopType | 'VNetPeering' | 'VirtualNetworkServiceEndpoint';

/** A route that machines of a subnet have. */
export interface EffectiveRoute {
  readonly prefix: string;
  readonly source: 'User' | 'Gateway' | 'System';
  readonly nextHopType: HopType;
  /** Of a VirtualAppliance. */
  readonly nextHopAddress?: string;
  /** Of a user's route: `RouteTable/NAME`, and its place in there. */
  readonly table?: { readonly name: string; readonly route: string; readonly index: number };
  /** Of a gateway: name of the Site. */
  readonly site?: string;
  /** Another route for the same prefix, or one that gateways cannot override, is used instead. */
  readonly isInvalid?: true;
}

/** Addresses of virtual networks; what nobody routes to unless somebody says so (RFC 1918, RFC 6598). */
export const unroutedRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

/** Of routes for the same prefix the first source wins. */
const precedence = { User: 0, Gateway: 1, System: 2 } as const;

/**
 * All routes of a subnet's interfaces, those that lose included (Azure, virtual-networks-udr-overview: the longest prefix decides; of equal ones a
 * user's come before a gateway's and those before the system's). What a gateway learns never overrides the routes to
 * networks, peers and service endpoints, not even where it is more specific.
 */
export function effectiveRoutes(world: NetworkWorld, network: string, subnet: string): EffectiveRoute[] {
  const settings = subnetOf(world, network, subnet);
  const table = settings?.routeTable === undefined ? undefined : world.routeTables.get(settings.routeTable);
  const system = systemRoutes(world, network, settings?.serviceEndpoints ?? []);
  const learned = table?.spec.disableBgpRoutePropagation === true ? [] : gatewayRoutes(world, network);
  const user = (table?.spec.routes ?? []).map((route, index): EffectiveRoute => {
    const { prefix, nextHopType, nextHopAddress } = route;
    const from = { name: settings?.routeTable ?? '', route: route.name, index };
    return { prefix, source: 'User', nextHopType, ...(nextHopAddress && { nextHopAddress }), table: from };
  });
  const fixed = system.filter(({ nextHopType }) => isFixed(nextHopType)).flatMap(prefixOfRoute);
  const usable = learned.map((route) =>
    prefixOfRoute(route).some((own) => fixed.some((prefix) => covers(prefix, own)))
      ? { ...route, isInvalid: true as const }
      : route,
  );
  return withLosers([...user, ...usable, ...system]);
}

/** Those that are used, the longest prefixes first. */
export function activeRoutes(routes: readonly EffectiveRoute[]): EffectiveRoute[] {
  return routes
    .filter(({ isInvalid }) => isInvalid !== true)
    .toSorted((a, b) => lengthOf(b) - lengthOf(a) || (a.prefix < b.prefix ? -1 : 1));
}

/** The route that an address takes; undefined where there is none. */
export function routeTo(routes: readonly EffectiveRoute[], address: string): EffectiveRoute | undefined {
  return routesFrom(routes)(address);
}

/** The same for many addresses. */
export function routesFrom(
  routes: readonly EffectiveRoute[],
): (address: string) => EffectiveRoute | undefined {
  const active = activeRoutes(routes).flatMap((route) =>
    prefixOfRoute(route).map((prefix) => ({ route, prefix })),
  );
  return (text) => {
    const address = parseAddress(text);
    if (address === undefined) return undefined;
    return active.find(({ prefix }) => contains(prefix, address))?.route;
  };
}

const isFixed = (type: HopType): boolean =>
  type === 'VNetLocal' || type === 'VNetPeering' || type === 'VirtualNetworkServiceEndpoint';

function systemRoutes(world: NetworkWorld, network: string, endpoints: readonly string[]): EffectiveRoute[] {
  const route =
    (nextHopType: HopType) =>
    (prefix: string): EffectiveRoute => ({
      prefix,
      source: 'System',
      nextHopType,
    });
  const spaceOf = (name: string): readonly string[] => world.networks.get(name)?.spec.addressSpace ?? [];
  const entrances = (name: string): readonly string[] =>
    entrancesOf(world)
      .filter((one) => one.network === name)
      .map(({ address }) => `${address}/32`);
  const services = world.services.filter(({ name }) => endpoints.includes(name));
  return [
    ...spaceOf(network).map(route('VNetLocal')),
    ...peersOf(world, network).flatMap(spaceOf).map(route('VNetPeering')),
    // Who is in the network needs no detour by the internet.
    ...entrances(network).map(route('VNetLocal')),
    ...peersOf(world, network).flatMap(entrances).map(route('VNetPeering')),
    ...services.flatMap(({ prefixes }) => prefixes).map(route('VirtualNetworkServiceEndpoint')),
    ...['0.0.0.0/0'].map(route('Internet')),
    ...unroutedRanges.map(route('None')),
  ];
}

function gatewayRoutes(world: NetworkWorld, network: string): EffectiveRoute[] {
  const routesOf = ({ metadata, spec }: Site): EffectiveRoute[] =>
    spec.prefixes.map((prefix) => ({
      prefix,
      source: 'Gateway',
      nextHopType: 'VirtualNetworkGateway',
      site: metadata.name,
    }));
  return sitesOf(world, network).flatMap(routesOf);
}

/** Marks all but the first route of each prefix, by precedence. */
function withLosers(routes: readonly EffectiveRoute[]): EffectiveRoute[] {
  const winners = new Map<string, EffectiveRoute>();
  const ordered = routes.toSorted((a, b) => precedence[a.source] - precedence[b.source]);
  for (const route of ordered) {
    if (route.isInvalid !== true && !winners.has(route.prefix)) winners.set(route.prefix, route);
  }
  return routes.map((route) => (winners.get(route.prefix) === route ? route : { ...route, isInvalid: true }));
}

function prefixOfRoute({ prefix }: EffectiveRoute): Prefix[] {
  const parsed = parsePrefix(prefix);
  return parsed === undefined ? [] : [parsed];
}

const lengthOf = (route: EffectiveRoute): number => prefixOfRoute(route)[0]?.length ?? 0;

const covers = (outer: Prefix, inner: Prefix): boolean =>
  outer.length <= inner.length && contains(outer, inner.network);
