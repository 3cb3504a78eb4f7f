import type { Site } from '../../../api/types/fabric.ts';
import { once } from '../../../lib/once.ts';
import { remembered } from '../../../lib/remembered.ts';
import { deliveriesIn, domainDeliveries, localDeliveries, recipientsOf } from './delivery.ts';
import { effectiveRoutes, routesFrom, type EffectiveRoute } from './effective-routes.ts';
import { isWithin, servicesOnInternet } from './next-hop.ts';
import { outboundShares, type OutboundShare } from './outbound.ts';
import { isOwnedBy } from './owned.ts';
import { resolvedRules, type Direction, type ResolvedRule } from './security.ts';
import type { Judge } from './judges.ts';
import { networksOfSite, subnetOf, type NetworkInterface, type NetworkWorld } from './world.ts';

/** A subnet by the names of it and its network. */
export interface SubnetName {
  readonly network: string;
  readonly subnet: string;
}

/** Finds who has an address. */
type Recipients = (address: string) => NetworkInterface | undefined;

/** What is looked up about a world again and again; each is worked out when it is first asked for. */
export interface Lookups {
  readonly world: NetworkWorld;
  /** Who in reach of a network has an address. */
  recipient(network: string, address: string): NetworkInterface | undefined;
  /** Who in a routing domain has a block with an address. */
  inDomain(domain: string, address: string): NetworkInterface | undefined;
  /** Who has an address, as far as a site reaches. */
  fromSite(site: Site, address: string): NetworkInterface | undefined;
  route(from: SubnetName, address: string): EffectiveRoute | undefined;
  /** Prefixes of public services that a subnet reaches by the internet. */
  publicServices(from: SubnetName): readonly string[];
  share(one: NetworkInterface): OutboundShare | undefined;
  rules(judge: Judge, one: NetworkInterface, direction: Direction): readonly ResolvedRule[];
  /** The interface by which a machine sends to an address: its first leads everywhere, the others to their own subnet. */
  exit(machine: NetworkInterface, address: string): NetworkInterface | undefined;
  /** Whether a packet for an address ends at a machine, given by one of its interfaces. */
  isItself(machine: NetworkInterface, address: string): boolean;
}

/** `blocksOf` are prefixes that a machine keeps to itself, by its name: those of a node's pods. */
export function createLookups(
  world: NetworkWorld,
  blocksOf: (machine: string) => readonly string[],
): Lookups {
  const routesOf = remembered((key: string) => {
    const { network, subnet } = subnetAt(key);
    return effectiveRoutes(world, network, subnet);
  });
  const routes = remembered((key: string) => routesFrom(routesOf(key)));
  const services = remembered((key: string) => servicesOnInternet(world, routesOf(key)));
  const recipients = remembered((network: string) => recipientsOf(localDeliveries(world, network)));
  const domains = remembered((domain: string) => recipientsOf(domainDeliveries(world, domain)));
  const sites = new Map<Site, Recipients>();
  const shares = once(() => outboundShares(world));
  const byMachine = once(() => Map.groupBy(world.interfaces, ({ netns }) => netns));
  const rules = new Map<string, readonly ResolvedRule[]>();
  const of = ({ netns }: NetworkInterface): readonly NetworkInterface[] => byMachine().get(netns) ?? [];

  return {
    world,
    recipient: (network, address) => recipients(network)(address),
    inDomain: (domain, address) => domains(domain)(address),
    fromSite(site, address) {
      const find = sites.get(site) ?? recipientsOf(deliveriesIn(world, networksOfSite(world, site)));
      sites.set(site, find);
      return find(address);
    },
    route: (from, address) => routes(keyOfSubnet(from))(address),
    publicServices: (from) => services(keyOfSubnet(from)),
    share: ({ id }) => shares().get(id),
    rules({ group }, place, direction) {
      const key = `${group.metadata.name} ${keyOfSubnet(place)} ${direction}`;
      const known = rules.get(key) ?? resolvedRules(world, group, { place, direction });
      rules.set(key, known);
      return known;
    },
    exit(machine, address) {
      const [first, ...others] = of(machine);
      const near = others.find(({ network, subnet }) => {
        const prefix = subnetOf(world, network, subnet)?.prefix;
        return prefix !== undefined && isWithin([prefix], address);
      });
      return near ?? first;
    },
    isItself: (machine, address) =>
      isWithin(blocksOf(machine.machine), address) || of(machine).some((one) => isOwnedBy(one, address)),
  };
}

/** `NETWORK/SUBNET`: names of objects have no slash in them. */
export const keyOfSubnet = ({ network, subnet }: SubnetName): string => `${network}/${subnet}`;

function subnetAt(key: string): SubnetName {
  const [network = '', subnet = ''] = key.split('/');
  return { network, subnet };
}
