import { addressAfter, formatAddress } from '../../lib/address.ts';
import { contains, parsePrefix, rangeOf, type Prefix } from '../../lib/prefix.ts';
import {
  circleFrom,
  isToAppliance,
  type ApplianceRoute,
  type ApplianceStep,
} from '../../model/fabric/network/appliance-ways.ts';
import { effectiveRoutes } from '../../model/fabric/network/effective-routes.ts';
import { createLookups, type Lookups, type SubnetName } from '../../model/fabric/network/lookups.ts';
import type { NetworkInterface, NetworkWorld } from '../../model/fabric/network/world.ts';
import { podBlocksOf, type ClusterIndex } from '../cluster-index.ts';
import { describedWorld } from '../described-world.ts';

/** What users' routes of virtual networks come to. */
export interface NetworkFacts {
  /** Each route to an appliance, once for each network that it is used in. */
  readonly hops: readonly HopFacts[];
  readonly circles: readonly CircleFacts[];
}

interface HopFacts {
  readonly network: string;
  readonly route: ApplianceRoute;
  /** Who has the address of the next hop, as far as the network reaches. */
  readonly hop: NetworkInterface | undefined;
}

interface CircleFacts {
  /** One of the addresses that packets go round for. */
  readonly address: string;
  /** The first is the one whose table and route sort first. */
  readonly steps: readonly ApplianceStep[];
}

/** The networks are looked at whatever the model is: manifests of them need not say which it will be. */
export function networkFactsOf(index: ClusterIndex): NetworkFacts {
  const world = describedWorld(index.cluster, [...index.places.values()]);
  const subnets = subnetsWithTables(world);
  if (subnets.length === 0) return { hops: [], circles: [] };
  const lookups = createLookups(world, (machine) => podBlocksOf(index.places, machine));
  const used = subnets.flatMap((from) =>
    effectiveRoutes(world, from.network, from.subnet)
      .filter(isToAppliance)
      .map((route) => ({ from, route })),
  );
  const hops = new Map(used.map((one) => [`${one.from.network}/${placeOf(one)}`, one]));
  return {
    hops: [...hops.values()].map(({ from: { network }, route }) => ({
      network,
      route,
      hop: lookups.recipient(network, route.nextHopAddress),
    })),
    circles: circlesOf(used, lookups),
  };
}

interface UsedRoute {
  readonly from: SubnetName;
  readonly route: ApplianceRoute;
}

/** Each once, wherever packets come into it. */
function circlesOf(used: readonly UsedRoute[], lookups: Lookups): CircleFacts[] {
  const circles = new Map<string, CircleFacts>();
  const samples = samplesOf(used.map(({ route }) => route.prefix));
  for (const { from, route } of used) {
    for (const address of samples(route.prefix)) {
      const steps = fromFirst(circleFrom(lookups, from, address));
      const key = steps.map(placeOf).join(' ');
      if (steps.length > 0 && !circles.has(key)) circles.set(key, { address, steps });
    }
  }
  return [...circles.values()];
}

/** The field of a route's table that names its next hop. */
export function hopPath({ table }: ApplianceRoute): string {
  return `spec.routes[${table.index}].nextHopAddress`;
}

/** `RouteTable/0003`: sorts as the routes are written. */
const placeOf = ({ route: { table } }: UsedRoute): string =>
  `${table.name}/${String(table.index).padStart(4, '0')}`;

function fromFirst(steps: readonly ApplianceStep[]): ApplianceStep[] {
  const places = steps.map(placeOf);
  const first = places.indexOf(places.toSorted()[0] ?? '');
  return [...steps.slice(first), ...steps.slice(0, first)];
}

function subnetsWithTables({ networks, routeTables }: NetworkWorld): SubnetName[] {
  return [...networks].flatMap(([network, { spec }]) =>
    (spec.subnets ?? [])
      .filter(({ routeTable }) => routeTable !== undefined && routeTables.has(routeTable))
      .map(({ name }) => ({ network, subnet: name })),
  );
}

/**
 * Addresses of a prefix such that every part of it which is routed alike has one of them: where routes change, one of the
 * prefixes begins or has just ended.
 */
function samplesOf(prefixes: readonly string[]): (prefix: string) => string[] {
  const parsed = [...new Set(prefixes)].flatMap((text) => parsePrefix(text) ?? []);
  const edges = parsed.flatMap((prefix) => {
    const { first, last } = rangeOf(prefix);
    const after = addressAfter(last, 1n);
    return after === undefined ? [first] : [first, after];
  });
  const within = (prefix: Prefix): string[] =>
    edges.filter((address) => contains(prefix, address)).map(formatAddress);
  return (text) => {
    const prefix = parsePrefix(text);
    return prefix === undefined ? [] : [...new Set(within(prefix))];
  };
}
