import type { Route, RoutingRule } from '../../kernel/route/port.ts';
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
  type EffectiveRoute,
} from '../../model/fabric/network/effective-routes.ts';
import { nextHopOf, servicesOnInternet, type NextHopContext } from '../../model/fabric/network/next-hop.ts';
import { siteAddress } from '../../model/fabric/network/sites.ts';
import {
  networksOfSite,
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
      ...servicesOnInternet(world, effective).map((destination) => ({ ...toServices, destination, table })),
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

function hopOf(route: EffectiveRoute, context: NextHopContext): Hop {
  const hop = nextHopOf(route, context);
  switch (hop.kind) {
    case 'delivery':
      return { link: 'lo', type: 'throw' };
    case 'appliance':
      return { link: interfaceLink(hop.to), via: route.nextHopAddress ?? '', onlink: true };
    case 'site':
      return { link: siteLink(hop.site.metadata.name), via: siteAddress(hop.site), onlink: true };
    case 'nowhere':
      return nowhere;
    case 'internet':
      return { link: outwardLinks.internet, via: labAddresses.internet };
    case 'endpoint':
    default:
      return { link: outwardLinks.endpoints, via: servicesHop, onlink: true };
  }
}
