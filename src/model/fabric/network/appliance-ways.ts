import { parseAddress } from '../../../lib/address.ts';
import { once } from '../../../lib/once.ts';
import { contains, parsePrefix } from '../../../lib/prefix.ts';
import { localDeliveries, recipientsOf } from './delivery.ts';
import { effectiveRoutes, routesFrom, type EffectiveRoute } from './effective-routes.ts';
import { subnetOf, type NetworkInterface, type NetworkWorld } from './world.ts';

/** A subnet by the names of it and its network. */
export interface SubnetName {
  readonly network: string;
  readonly subnet: string;
}

/** A user's route to an appliance. */
export type ApplianceRoute = EffectiveRoute & Required<Pick<EffectiveRoute, 'table' | 'nextHopAddress'>>;

/** One passage of a packet through an appliance. */
export interface ApplianceStep {
  /** Where it is looked up. */
  readonly from: SubnetName;
  readonly route: ApplianceRoute;
  readonly hop: NetworkInterface;
}

/** How packets go from appliance to appliance, by nothing but the routes of users. */
export interface ApplianceWays {
  /** Who in reach of a network has an address. */
  recipient(network: string, address: string): NetworkInterface | undefined;
  /** The appliances that packets for an address go round and round by, however they came there; empty where they end. */
  circle(from: SubnetName, address: string): readonly ApplianceStep[];
}

/** `blocksOf` are prefixes that a machine keeps to itself, by the id of its interface: those of a node's pods. */
export function createApplianceWays(
  world: NetworkWorld,
  blocksOf: (machine: string) => readonly string[],
): ApplianceWays {
  const recipients = remembered((network: string) => recipientsOf(localDeliveries(world, network)));
  const routes = remembered((key: string) => {
    const { network, subnet } = subnetAt(key);
    return routesFrom(effectiveRoutes(world, network, subnet));
  });
  const byMachine = once(() => Map.groupBy(world.interfaces, ({ netns }) => netns));

  const step = (from: SubnetName, address: string): ApplianceStep | undefined => {
    const route = routes(keyOfSubnet(from))(address);
    if (route === undefined || !isToAppliance(route)) return undefined;
    const hop = recipients(from.network)(route.nextHopAddress);
    return hop?.forwards === true ? { from, route, hop } : undefined;
  };
  /** Only the first interface of a machine leads everywhere; the others lead to their own subnet. */
  const exitOf = ({ netns }: NetworkInterface, address: string): NetworkInterface | undefined => {
    const [first, ...others] = byMachine().get(netns) ?? [];
    const near = others.find(({ network, subnet }) => {
      const prefix = subnetOf(world, network, subnet)?.prefix;
      return prefix !== undefined && isIn([prefix], address);
    });
    return near ?? first;
  };
  const isItself = ({ netns, machine }: NetworkInterface, address: string): boolean =>
    isIn(blocksOf(machine), address) ||
    (byMachine().get(netns) ?? []).some(
      ({ addresses, assigned }) => addresses.includes(address) || isIn(assigned, address),
    );

  return {
    recipient: (network, address) => recipients(network)(address),
    circle(start, address) {
      const steps: ApplianceStep[] = [];
      let from: SubnetName | undefined = start;
      while (from !== undefined) {
        const next = step(from, address);
        if (next === undefined || isItself(next.hop, address)) return [];
        const known = steps.findIndex((earlier) => keyOfSubnet(earlier.from) === keyOfSubnet(next.from));
        if (known >= 0) return steps.slice(known);
        steps.push(next);
        from = exitOf(next.hop, address);
      }
      return [];
    },
  };
}

/** Whether it is a user's, and leads to an appliance. */
export function isToAppliance(route: EffectiveRoute): route is ApplianceRoute {
  const { nextHopType, nextHopAddress, table } = route;
  return nextHopType === 'VirtualAppliance' && nextHopAddress !== undefined && table !== undefined;
}

function isIn(prefixes: readonly string[], text: string): boolean {
  const address = parseAddress(text);
  if (address === undefined) return false;
  return prefixes.flatMap((prefix) => parsePrefix(prefix) ?? []).some((prefix) => contains(prefix, address));
}

// Names of objects have no slash in them.
const keyOfSubnet = ({ network, subnet }: SubnetName): string => `${network}/${subnet}`;

function subnetAt(key: string): SubnetName {
  const [network = '', subnet = ''] = key.split('/');
  return { network, subnet };
}

function remembered<T>(make: (key: string) => T): (key: string) => T {
  const made = new Map<string, T>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make(key);
    made.set(key, value);
    return value;
  };
}
