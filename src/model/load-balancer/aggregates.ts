import type { Service } from '../../api/types/core.ts';
import type { BGPAdvertisement } from '../../api/types/load-balancer.ts';
import { bitsOf, families, parseAddress, type Address } from '../../lib/address.ts';
import { joinRanges, rangeOf, type AddressRange } from '../../lib/prefix.ts';
import { sameJson } from '../../lib/same-json.ts';
import { advertises, isHonoured } from './advertisements.ts';
import { aggregated } from './bgp-announcements.ts';
import { isInPool, type Pool } from './pools.ts';
import { addressesGivenTo } from './status.ts';

/**
 * The ranges by which routers send a cluster more than its Services have: those of the prefixes in which advertisements
 * put addresses together. Whoever asks from outside for an address of one that nobody has is answered by the node that
 * the packet comes to: it would go back to the router otherwise, until its TTL ends. Kept change by change.
 */
export interface Aggregates {
  /** By `namespace/name`; undefined removes. */
  setService(key: string, service: Service | undefined): void;
  setPools(pools: readonly Pool[]): void;
  setAdvertisements(advertisements: Iterable<BGPAdvertisement>): void;
  /** In order, apart from each other; the same object as long as it says the same. */
  current(): readonly AddressRange[];
}

interface Given {
  readonly service: Service;
  readonly addresses: readonly Address[];
}

export function createAggregates(): Aggregates {
  /** Services that have any. */
  const given = new Map<string, Given>();
  let pools: readonly Pool[] = [];
  let advertisements: readonly BGPAdvertisement[] = [];
  let known: readonly AddressRange[] = [];
  let isStale = false;

  const rangesOf = ({ service, addresses }: Given): AddressRange[] =>
    addresses.flatMap((address) => {
      const pool = pools.find((one) => isInPool(one, address));
      if (pool === undefined) return [];
      const own = advertisements.filter(({ spec = {} }) => advertises(spec, pool, service));
      const prefixes = own.map((advertisement) => aggregated(advertisement, address, pool));
      return prefixes.flatMap((prefix) =>
        typeof prefix === 'string' || prefix.length === bitsOf(prefix.family) ? [] : rangeOf(prefix),
      );
    });

  return {
    setService(key, service) {
      const isBalanced = service?.spec.type === 'LoadBalancer';
      const addresses = isBalanced
        ? addressesGivenTo(service).flatMap((text) => parseAddress(text) ?? [])
        : [];
      // Most Services never have any.
      isStale ||= addresses.length > 0 || given.has(key);
      if (service === undefined || addresses.length === 0) given.delete(key);
      else given.set(key, { service, addresses });
    },
    setPools(wanted) {
      pools = wanted;
      isStale = true;
    },
    setAdvertisements(wanted) {
      advertisements = [...wanted].filter((one) => isHonoured(one) && putsTogether(one));
      isStale = true;
    },
    current() {
      if (!isStale) return known;
      isStale = false;
      const all = advertisements.length === 0 ? [] : [...given.values()].flatMap(rangesOf);
      const now = families.flatMap((family) =>
        joinRanges(all.filter(({ first }) => first.family === family)),
      );
      if (!sameJson(now, known)) known = now;
      return known;
    },
  };
}

/** Whether it announces more than single addresses. */
function putsTogether({ spec = {} }: BGPAdvertisement): boolean {
  const { aggregationLength = 32, aggregationLengthV6 = 128 } = spec;
  return aggregationLength < 32 || aggregationLengthV6 < 128;
}
