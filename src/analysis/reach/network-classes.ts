import type { UserRoute } from '../../api/types/fabric.ts';
import { formatAddress } from '../../lib/address.ts';
import { parsePrefix, rangeOf } from '../../lib/prefix.ts';
import type { Lookups } from '../../model/fabric/network/lookups.ts';
import { isOwnedBy } from '../../model/fabric/network/owned.ts';
import type { NetworkInterface } from '../../model/fabric/network/world.ts';

/** Users' routes, by whether they tell machines apart. */
export interface SortedRoutes {
  /** Prefixes of those that do. */
  readonly apart: readonly string[];
  /**
   * By table, prefixes of those that lead to the machine which has the addresses, as there is one for the pods of each node
   * of kubenet: what all of these together are about is treated alike.
   */
  readonly behind: readonly (readonly string[])[];
  /** Interfaces that the others name as next hops. */
  readonly hops: ReadonlySet<NetworkInterface>;
}

export function sortedRoutes(lookups: Lookups): SortedRoutes {
  const [apart, hops]: [string[], Set<NetworkInterface>] = [[], new Set()];
  const behind = Array.from(lookups.world.routeTables.values(), ({ spec }) =>
    (spec.routes ?? []).flatMap((route) => {
      const named = hopsOf(lookups, route);
      if (named.length === 1 && named.every((one) => hasBehind(lookups, one, route))) return [route.prefix];
      apart.push(route.prefix);
      for (const one of named) hops.add(one);
      return [];
    }),
  );
  return { apart, behind, hops };
}

/** Whoever may be meant: networks that do not meet may have the same addresses. */
function hopsOf({ world }: Lookups, { nextHopAddress }: UserRoute): NetworkInterface[] {
  if (nextHopAddress === undefined) return [];
  return world.interfaces.filter((one) => isOwnedBy(one, nextHopAddress));
}

function hasBehind(lookups: Lookups, one: NetworkInterface, { prefix }: UserRoute): boolean {
  const parsed = parsePrefix(prefix);
  if (parsed === undefined) return false;
  const { first, last } = rangeOf(parsed);
  return [first, last].every((end) => lookups.isItself(one, formatAddress(end)));
}

/**
 * Says of an interface what is equal for those that are treated alike but for their addresses: of one subnet, with the same
 * settings. Next hops, and machines that put their own address in or have several interfaces, are like no other.
 */
export function interfaceClasses(
  lookups: Lookups,
  { hops }: SortedRoutes,
): (one: NetworkInterface) => string {
  const ofMachine = Map.groupBy(lookups.world.interfaces, ({ netns }) => netns);
  const classOf = (one: NetworkInterface): string => {
    const { id, network, subnet, securityGroup = '', domain, forwards, netns } = one;
    const isAlone = (ofMachine.get(netns)?.length ?? 0) < 2;
    if (hops.has(one) || one.masquerades === true || !isAlone) return id;
    const settings = [securityGroup, domain?.name ?? '', forwards, lookups.share(one) !== undefined];
    return `${network}/${subnet} ${settings.join(' ')}`;
  };
  const known = new Map<NetworkInterface, string>();
  return (one) => {
    const found = known.get(one) ?? classOf(one);
    known.set(one, found);
    return found;
  };
}
