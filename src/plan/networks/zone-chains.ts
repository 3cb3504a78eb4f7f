import { contains, formatPrefix, parsePrefix, type Prefix } from '../../lib/prefix.ts';
import { unroutedRanges } from '../../model/fabric/network/effective-routes.ts';
import { judgesOf } from '../../model/fabric/network/judges.ts';
import type { NetworkWorld } from '../../model/fabric/network/world.ts';
import { directZones, zonesOf } from '../../model/fabric/network/zones.ts';
import { chainOf, type Chain } from './groups.ts';

/** How what is of a network, given by its name, comes into its zone of connection tracking. */
export interface ZoneChains {
  /** For what comes from an interface, or a site. */
  readonly inside: (network: string) => InsideZone;
  /** Name of the chain for what comes back from outside. */
  readonly outside: (network: string) => string;
}

export interface InsideZone {
  readonly chain: string;
  /** Whether what goes to a private address is not tracked, and need not pass the chain to be so. */
  readonly skips: boolean;
}

/**
 * Who asks public services from a private address is answered at that address, which a network of
 * another zone may have as well: what comes back cannot be told apart by it. So answers of those are in no zone, where the
 * kernel gives the second of two equal flows another port.
 *
 * What goes to a private address never leaves the networks, so that nobody translates it. Where no security group judges
 * anybody who could be reached, nobody asks for the connection either, and it is not tracked: that costs a new connection
 * as much as everything else on its way through this namespace. Flows that are under way when the first group is set are
 * judged by it in both directions, as if they began.
 */
export function zoneChains(world: NetworkWorld, chain: (made: Chain) => string): ZoneChains {
  const [zones, direct, judged] = [zonesOf(world), directZones(world), judgedZones(world)];
  const services = world.services
    .flatMap((service) => service.prefixes)
    .flatMap((text) => parsePrefix(text) ?? []);
  const anyService = `{ ${services.map(formatPrefix).join(', ')} }`;
  const toServices = (zone: number): string[] =>
    ['saddr', 'daddr'].map((end) => `ip ${end} ${anyService} ct original zone set ${zone} return`);
  const isPublic = !services.some(isPrivate);
  const zoneOf = (network: string): number => zones.get(network) ?? 0;
  const isDirect = (zone: number): boolean => direct.has(zone) && services.length > 0;
  const chainFor = (zone: number, untracked: readonly string[]): string =>
    chain(
      chainOf('zone', [...(isDirect(zone) ? toServices(zone) : []), ...untracked, `ct zone set ${zone}`]),
    );
  return {
    inside(network) {
      const zone = zoneOf(network);
      const isUnjudged = isPublic && !judged.has(zone);
      const skips = isUnjudged && !isDirect(zone);
      return { chain: chainFor(zone, isUnjudged && !skips ? [stayInside] : []), skips };
    },
    outside: (network) => chainFor(zoneOf(network), []),
  };
}

const stayInside = `ip daddr { ${unroutedRanges.join(', ')} } notrack return`;

const isPrivate = (prefix: Prefix): boolean =>
  unroutedRanges
    .flatMap((text) => parsePrefix(text) ?? [])
    .some((range) => contains(range, prefix.network) || contains(prefix, range.network));

/** Those in which a security group judges an interface. */
function judgedZones(world: NetworkWorld): Set<number | undefined> {
  if (world.securityGroups.size === 0) return new Set();
  const zones = zonesOf(world);
  const isJudged = world.interfaces.filter((one) =>
    (['Outbound', 'Inbound'] as const).some((direction) => judgesOf(world, one, direction).length > 0),
  );
  return new Set(isJudged.map(({ network }) => zones.get(network)));
}
