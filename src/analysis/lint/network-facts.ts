import type { NetworkSecurityGroup } from '../../api/types/fabric.ts';
import {
  circleFrom,
  isToAppliance,
  type ApplianceRoute,
  type ApplianceStep,
} from '../../model/fabric/network/appliance-ways.ts';
import { effectiveRoutes } from '../../model/fabric/network/effective-routes.ts';
import { createLookups, type Lookups, type SubnetName } from '../../model/fabric/network/lookups.ts';
import type { NetworkInterface, NetworkWorld } from '../../model/fabric/network/world.ts';
import { oneWaysOf, type OneWayFacts } from './one-ways.ts';
import { placeOf, samplesOf, type UsedRoute } from './used-routes.ts';
import { modelTraits } from '../../model/network/models.ts';
import { podBlocksOf, type ClusterIndex } from '../cluster-index.ts';
import { describedWorld } from '../described-world.ts';

/** What users' routes of virtual networks come to. */
export interface NetworkFacts {
  /** Each route to an appliance, once for each network that it is used in. */
  readonly hops: readonly HopFacts[];
  readonly circles: readonly CircleFacts[];
  readonly oneWays: readonly OneWayFacts[];
  readonly groups: readonly NetworkSecurityGroup[];
}

/** The model whose default network manifests are taken to stand beside that do not name a model. */
const usualModel = 'azure-cni-overlay';

interface HopFacts {
  readonly network: string;
  readonly route: ApplianceRoute;
  /** Who has the address of the next hop, as far as the network reaches. */
  readonly hop: NetworkInterface | undefined;
  /** Whether it reaches networks of which nothing is known but the name. */
  readonly isUnknown: boolean;
}

interface CircleFacts {
  /** One of the addresses that packets go round for. */
  readonly address: string;
  /** The first is the one whose table and route sort first. */
  readonly steps: readonly ApplianceStep[];
}

/** The networks are looked at whatever the model is: manifests of them need not say which it will be. */
export function networkFactsOf(index: ClusterIndex): NetworkFacts {
  const { config, ...cluster } = index.cluster;
  const model = modelTraits[config.model].world === 'virtual-network' ? config.model : usualModel;
  const world = describedWorld({ ...cluster, config: { ...config, model } }, [...index.places.values()]);
  const groups = [...world.securityGroups.values()];
  const subnets = subnetsWithTables(world);
  if (subnets.length === 0) return { hops: [], circles: [], oneWays: [], groups };
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
      isUnknown: hasUnknownPeers(world, network),
      hop: lookups.recipient(network, route.nextHopAddress),
    })),
    circles: circlesOf(used, lookups),
    oneWays: oneWaysOf(used, lookups),
    groups,
  };
}

function hasUnknownPeers({ peerings, networks }: NetworkWorld, network: string): boolean {
  return [...peerings].some(
    ({ spec }) => spec.networks.includes(network) && spec.networks.some((name) => !networks.has(name)),
  );
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
