import type { Site } from '../../../api/types/fabric.ts';
import { parseAddress } from '../../../lib/address.ts';
import { contains, parsePrefix, type Prefix } from '../../../lib/prefix.ts';
import { activeRoutes, routesFrom, type EffectiveRoute } from './effective-routes.ts';
import { sitesOf, type NetworkInterface, type NetworkWorld } from './world.ts';

/** Whom a route hands packets to. */
export type NextHop =
  /** Whoever has the address, in the network and its peers. */
  | { readonly kind: 'delivery' }
  | { readonly kind: 'appliance'; readonly to: NetworkInterface }
  | { readonly kind: 'site'; readonly site: Site }
  | { readonly kind: 'internet' }
  /** Public services, from private addresses. */
  | { readonly kind: 'endpoint' }
  | { readonly kind: 'nowhere' };

export interface NextHopContext {
  readonly world: NetworkWorld;
  /** Name of the network whose machines have the route. */
  readonly network: string;
  /** Who in reach of the network has an address. */
  readonly recipient: (address: string) => NetworkInterface | undefined;
}

/** Where packets go that take this route. */
export function nextHopOf(route: EffectiveRoute, { world, network, recipient }: NextHopContext): NextHop {
  switch (route.nextHopType) {
    case 'VNetLocal':
    case 'VNetPeering':
      return { kind: 'delivery' };
    case 'VirtualAppliance': {
      const to = recipient(route.nextHopAddress ?? '');
      return to === undefined ? nowhere : { kind: 'appliance', to };
    }
    case 'VirtualNetworkGateway': {
      // A user's route cannot name the site: all that is not known better goes to the first one behind a VPN.
      const site = sitesOf(world, network).find(({ metadata, spec }) =>
        route.site === undefined ? spec.type !== 'expressRoute' : metadata.name === route.site,
      );
      return site === undefined ? nowhere : { kind: 'site', site };
    }
    case 'None':
      return nowhere;
    case 'Internet':
      return { kind: 'internet' };
    case 'VirtualNetworkServiceEndpoint':
    default:
      return { kind: 'endpoint' };
  }
}

const nowhere: NextHop = { kind: 'nowhere' };

/**
 * Prefixes of public services that a subnet with these routes reaches by the internet: they are at a machine of their own
 * there.
 */
export function servicesOnInternet(
  { services }: Pick<NetworkWorld, 'services'>,
  routes: readonly EffectiveRoute[],
): string[] {
  const active = new Set(routes.filter(({ isInvalid }) => isInvalid !== true).map(({ prefix }) => prefix));
  const routeTo = routesFrom(routes);
  return services
    .flatMap(({ prefixes }) => prefixes)
    .filter((prefix) => {
      const [address = ''] = prefix.split('/');
      const route = routeTo(address);
      return route?.nextHopType === 'Internet' && !active.has(prefix) && covers(route.prefix, prefix);
    });
}

/**
 * Whether what has these routes and goes to a private address comes to whoever has the address, or nowhere. The system's
 * routes are such that it does; users' and gateways' hand it to others.
 */
export function leadsByAddress(routes: readonly EffectiveRoute[]): boolean {
  return activeRoutes(routes).every(
    ({ source, nextHopType }) =>
      source === 'System' ||
      nextHopType === 'VNetLocal' ||
      nextHopType === 'VNetPeering' ||
      nextHopType === 'None',
  );
}

/** Whether an address lies in one of the prefixes; of text that is none, nothing does. */
export function isWithin(prefixes: readonly string[], text: string): boolean {
  return longestWithin(prefixes, text) !== undefined;
}

/** The longest of the prefixes that an address lies in. */
export function longestWithin(prefixes: readonly string[], text: string): Prefix | undefined {
  const address = parseAddress(text);
  if (address === undefined) return undefined;
  const around = prefixes
    .flatMap((prefix) => parsePrefix(prefix) ?? [])
    .filter((prefix) => contains(prefix, address));
  return around.toSorted((a, b) => b.length - a.length)[0];
}

function covers(outer: string, inner: string): boolean {
  const [a, b] = [parsePrefix(outer), parsePrefix(inner)];
  return a !== undefined && b !== undefined && a.length <= b.length && contains(a, b.network);
}
