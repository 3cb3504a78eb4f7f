import type { Route, RoutingRule } from '../../kernel/route/port.ts';
import { contains, parsePrefix } from '../../lib/prefix.ts';
import {
  deliveriesIn,
  domainDeliveries,
  localDeliveries,
  recipientsOf,
  type Delivery,
} from '../../model/fabric/network/delivery.ts';
import {
  activeRoutes,
  effectiveRoutes,
  routeTo,
  type EffectiveRoute,
} from '../../model/fabric/network/effective-routes.ts';
import { siteAddress } from '../../model/fabric/network/sites.ts';
import {
  networksOfSite,
  sitesOf,
  type NetworkInterface,
  type NetworkWorld,
} from '../../model/fabric/network/world.ts';
import { labAddresses } from '../../model/network/lab-addresses.ts';
import { interfaceLink, outwardLinks, siteLink } from './cables.ts';
import { networkMask, routesKey, routesMask, siteKey, tableOf, type NetworkMarks } from './marks.ts';

/** Addresses of the machine of public services, at its two cables: known to nobody else. */
export const servicesHop = '169.254.0.2';

const anywhere = '0.0.0.0/0';

/** In the order in which rules are asked. */
const priorities = { domain: 100, routes: 200, delivery: 300 } as const;

interface Tables {
  readonly routes: readonly Route[];
  readonly rules: readonly RoutingRule[];
}

/**
 * The routing tables of the forwarding namespace, and the rules by which marks lead to them. What an interface sends is
 * looked up in its routing domain, where it has one, then among the effective routes of its subnet; those that stay in
 * networks throw, and the network's own table knows who has the address. Nothing leaves that table.
 */
export function networkTables(world: NetworkWorld, marks: NetworkMarks): Tables {
  const parts = [
    ...subnetsInUse(world).flatMap((one) => subnetTables(world, one, marks)),
    ...[...world.networks.keys()].map((name) =>
      deliveryTable(localDeliveries(world, name), marks.network(name)),
    ),
    ...world.sites.map((site) => {
      const reached = deliveriesIn(world, networksOfSite(world, site));
      return deliveryTable(reached, marks.network(siteKey(site.metadata.name)));
    }),
  ];
  return { routes: parts.flatMap(({ routes }) => routes), rules: parts.flatMap(({ rules }) => rules) };
}

/** One interface for each set of routes. */
function subnetsInUse({ interfaces }: NetworkWorld): NetworkInterface[] {
  return [...new Map(interfaces.map((one) => [routesKey(one), one])).values()];
}

function subnetTables(world: NetworkWorld, one: NetworkInterface, marks: NetworkMarks): Tables[] {
  const part = marks.routes(routesKey(one));
  const table = tableOf.routes(part);
  const effective = effectiveRoutes(world, one.network, one.subnet);
  const context = {
    world,
    network: one.network,
    recipient: recipientsOf(localDeliveries(world, one.network)),
  };
  const routes = activeRoutes(effective).map((route) => ({
    ...hopOf(route, context),
    destination: route.prefix,
    table,
  }));
  const own: Tables = {
    routes: [
      ...routes,
      ...publicServices(world, effective).map((destination) => ({ ...toServices, destination, table })),
    ],
    rules: [{ family: 'IPv4', priority: priorities.routes, mark: part, mask: routesMask, table }],
  };
  if (one.domain === undefined) return [own];
  const domain = tableOf.domain(part);
  return [
    {
      routes: domainDeliveries(world, one.domain.name).map((delivery) => deliveryRoute(delivery, domain)),
      rules: [{ family: 'IPv4', priority: priorities.domain, mark: part, mask: routesMask, table: domain }],
    },
    own,
  ];
}

function deliveryTable(deliveries: readonly Delivery[], part: number): Tables {
  const table = tableOf.delivery(part);
  return {
    routes: [
      ...deliveries.map((delivery) => deliveryRoute(delivery, table)),
      { destination: anywhere, ...nowhere, table },
    ],
    rules: [{ family: 'IPv4', priority: priorities.delivery, mark: part, mask: networkMask, table }],
  };
}

function deliveryRoute({ prefix, to }: Delivery, table: number): Route {
  const [primary = ''] = to.addresses;
  const link = interfaceLink(to);
  const isItself = to.addresses.some((address) => prefix === `${address}/32`);
  return { destination: prefix, link, ...(!isItself && { via: primary, onlink: true }), table };
}

type Hop = Omit<Route, 'destination' | 'table'>;

const nowhere: Hop = { link: 'lo', type: 'blackhole' };
const toServices: Hop = { link: outwardLinks.services, via: servicesHop, onlink: true };

interface HopContext {
  readonly world: NetworkWorld;
  readonly network: string;
  readonly recipient: (address: string) => NetworkInterface | undefined;
}

function hopOf(route: EffectiveRoute, { world, network, recipient }: HopContext): Hop {
  const { nextHopAddress = '' } = route;
  switch (route.nextHopType) {
    case 'VNetLocal':
    case 'VNetPeering':
      return { link: 'lo', type: 'throw' };
    case 'VirtualAppliance': {
      const hop = recipient(nextHopAddress);
      return hop === undefined ? nowhere : { link: interfaceLink(hop), via: nextHopAddress, onlink: true };
    }
    case 'VirtualNetworkGateway': {
      // A user's route cannot name the site: all that is not known better goes to the first one behind a VPN.
      const site = sitesOf(world, network).find(({ metadata, spec }) =>
        route.site === undefined ? spec.type !== 'expressRoute' : metadata.name === route.site,
      );
      if (site === undefined) return nowhere;
      return { link: siteLink(site.metadata.name), via: siteAddress(site), onlink: true };
    }
    case 'None':
      return nowhere;
    case 'Internet':
      return { link: outwardLinks.internet, via: labAddresses.internet };
    case 'VirtualNetworkServiceEndpoint':
    default:
      return { link: outwardLinks.endpoints, via: servicesHop, onlink: true };
  }
}

/** Prefixes of public services that a subnet reaches by the internet: they are at a machine of their own. */
function publicServices({ services }: NetworkWorld, routes: readonly EffectiveRoute[]): string[] {
  const taken = new Set(activeRoutes(routes).map(({ prefix }) => prefix));
  return services
    .flatMap(({ prefixes }) => prefixes)
    .filter((prefix) => {
      const [address = ''] = prefix.split('/');
      const route = routeTo(routes, address);
      return route?.nextHopType === 'Internet' && !taken.has(prefix) && covers(route.prefix, prefix);
    });
}

function covers(outer: string, inner: string): boolean {
  const [a, b] = [parsePrefix(outer), parsePrefix(inner)];
  return a !== undefined && b !== undefined && a.length <= b.length && contains(a, b.network);
}
