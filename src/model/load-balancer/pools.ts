import { matchesSelector } from '../../api/selector.ts';
import type { Service } from '../../api/types/core.ts';
import type { IPAddressPool } from '../../api/types/load-balancer.ts';
import type { KubernetesObject, Labels } from '../../api/types/meta.ts';
import { formatAddress, parseAddress, type Address, type Family } from '../../lib/address.ts';
import { formatRange, parseRange, type AddressRange } from '../../lib/prefix.ts';

/** Pools and advertisements count in this namespace only: who may write them gives out addresses of the network. */
export const loadBalancerNamespace = 'metallb-system';

/** A pool with this label is a lab's own: it comes after all others. */
export const labPoolLabel = 'weft.dev/lab-pool';

/** Addresses that Services of type LoadBalancer are given. */
export interface Pool {
  readonly name: string;
  readonly labels: Labels;
  readonly ranges: readonly AddressRange[];
  readonly isAutoAssigned: boolean;
  readonly avoidsBuggyIPs: boolean;
  /** It says for whom it is: it comes before those that are for everybody. */
  readonly isDedicated: boolean;
  /** Whether this Service, in a namespace with these labels, may have addresses of it. */
  serves(service: Service, namespaceLabels: Labels): boolean;
}

export interface PoolProblem {
  readonly pool: IPAddressPool;
  readonly why: string;
}

/**
 * The pools that can be used, in the order in which they are tried, and why the others cannot. Of pools that overlap, the
 * oldest counts.
 */
export function poolsOf(objects: Iterable<IPAddressPool>): {
  readonly pools: readonly Pool[];
  readonly problems: readonly PoolProblem[];
} {
  const found: Ordered[] = [];
  const all = [...objects];
  const problems: PoolProblem[] = all.filter(isStray).map((pool) => ({ pool, why: whyStray }));
  for (const object of all.filter(isHonoured).toSorted(byAge)) {
    const ranges = object.spec.addresses.map(parseRange);
    const why = problemOf(object, ranges) ?? overlapOf(ranges, found);
    if (why !== undefined) problems.push({ pool: object, why });
    else found.push({ pool: poolOf(object, ranges.filter(isGiven)), object });
  }
  return { pools: found.toSorted(byOrder).map(({ pool }) => pool), problems };
}

/** The pool that an address is of; undefined when it is of none. */
export function poolOfAddress(pools: readonly Pool[], text: string): Pool | undefined {
  const address = parseAddress(text);
  return address === undefined ? undefined : pools.find((pool) => isInPool(pool, address));
}

/** Whether the pool gives this address. */
export function isInPool(pool: Pool, address: Address): boolean {
  if (pool.avoidsBuggyIPs && isBuggy(address)) return false;
  return pool.ranges.some((range) => isInRange(range, address));
}

/** How many addresses of the family the pool gives, capped at what a double holds exactly. */
export function sizeOf(pool: Pool, family: Family): number {
  const counts = pool.ranges
    .filter(({ first }) => first.family === family)
    .map((range) => range.last.value - range.first.value + 1n - (pool.avoidsBuggyIPs ? buggyIn(range) : 0n));
  const sum = counts.reduce((total, count) => total + count, 0n);
  return Number(sum < BigInt(Number.MAX_SAFE_INTEGER) ? sum : BigInt(Number.MAX_SAFE_INTEGER));
}

/** Why an object of metallb.io in another namespace is not followed. */
export const whyStray = `objects of metallb.io count in namespace ${loadBalancerNamespace} only`;

export function isStray({ metadata }: KubernetesObject): boolean {
  return metadata.namespace !== loadBalancerNamespace;
}

function isHonoured({ metadata }: IPAddressPool): boolean {
  return metadata.namespace === loadBalancerNamespace && metadata.deletionTimestamp === undefined;
}

function problemOf(
  { spec }: IPAddressPool,
  ranges: readonly (AddressRange | undefined)[],
): string | undefined {
  if (ranges.length === 0) return 'it has no addresses';
  const wrong = ranges.findIndex((range) => range === undefined);
  if (wrong >= 0) return `"${spec.addresses[wrong]}" is neither a CIDR nor a range FIRST-LAST of one family`;
  const twice = ranges.findIndex((range, index) =>
    ranges.slice(0, index).some((other) => isGiven(range) && isGiven(other) && overlaps(range, other)),
  );
  return twice < 0 ? undefined : `"${spec.addresses[twice]}" overlaps another of its ranges`;
}

function overlapOf(
  ranges: readonly (AddressRange | undefined)[],
  found: readonly Ordered[],
): string | undefined {
  const taken = found.flatMap(({ pool }) => pool.ranges.map((range) => ({ range, pool: pool.name })));
  for (const range of ranges.filter(isGiven)) {
    const other = taken.find((one) => overlaps(range, one.range));
    if (other !== undefined)
      return `${formatRange(range)} overlaps ${formatRange(other.range)} of pool ${other.pool}`;
  }
  return undefined;
}

function poolOf({ metadata, spec }: IPAddressPool, ranges: readonly AddressRange[]): Pool {
  const { namespaces = [], namespaceSelectors = [], serviceSelectors = [] } = spec.serviceAllocation ?? {};
  const isByNamespace = namespaces.length + namespaceSelectors.length > 0;
  return {
    name: metadata.name,
    labels: metadata.labels ?? {},
    ranges,
    isAutoAssigned: spec.autoAssign ?? true,
    avoidsBuggyIPs: spec.avoidBuggyIPs ?? false,
    isDedicated: isByNamespace || serviceSelectors.length > 0,
    serves(service, namespaceLabels) {
      const { namespace = 'default', labels } = service.metadata;
      const isItsNamespace =
        !isByNamespace ||
        namespaces.includes(namespace) ||
        namespaceSelectors.some((selector) => matchesSelector(selector, namespaceLabels));
      const isSelected =
        serviceSelectors.length === 0 ||
        serviceSelectors.some((selector) => matchesSelector(selector, labels));
      return isItsNamespace && isSelected;
    },
  };
}

interface Ordered {
  readonly pool: Pool;
  readonly object: IPAddressPool;
}

/** Dedicated ones first, then by priority, in which 0 and none come last; the lab's own after all. */
function byOrder(a: Ordered, b: Ordered): number {
  const [one, other] = [a, b].map(({ pool, object }) => [
    pool.labels[labPoolLabel] === undefined ? 0 : 1,
    pool.isDedicated ? 0 : 1,
    object.spec.serviceAllocation?.priority || Number.MAX_SAFE_INTEGER,
  ]);
  for (const [index, value] of (one ?? []).entries()) {
    const difference = value - (other?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.pool.name < b.pool.name ? -1 : 1;
}

function byAge({ metadata: a }: IPAddressPool, { metadata: b }: IPAddressPool): number {
  const [one, other] = [a.creationTimestamp ?? '', b.creationTimestamp ?? ''];
  if (one !== other) return one < other ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}

function isGiven<T>(value: T | undefined): value is T {
  return value !== undefined;
}

function overlaps(a: AddressRange, b: AddressRange): boolean {
  return a.first.family === b.first.family && a.first.value <= b.last.value && b.first.value <= a.last.value;
}

function isInRange({ first, last }: AddressRange, { family, value }: Address): boolean {
  return first.family === family && first.value <= value && value <= last.value;
}

/** Some equipment takes these for addresses of a network or of all of its machines, wherever they are. */
function isBuggy(address: Address): boolean {
  return address.family === 'IPv4' && /\.(0|255)$/.test(formatAddress(address));
}

function buggyIn({ first, last }: AddressRange): bigint {
  if (first.family === 'IPv6') return 0n;
  const endingIn = (octet: bigint): bigint =>
    ((last.value - octet) >> 8n) - ((first.value - octet - 1n) >> 8n);
  return endingIn(0n) + endingIn(255n);
}
