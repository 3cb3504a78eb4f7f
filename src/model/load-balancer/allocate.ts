import type { Service } from '../../api/types/core.ts';
import type { Labels } from '../../api/types/meta.ts';
import { familyOf, formatAddress, parseAddress, type Family } from '../../lib/address.ts';
import { hash32 } from '../../lib/hash.ts';
import { isInPool, type Pool } from './pools.ts';
import { canShare, internalPool, type AddressRequest, type Holder } from './request.ts';

/** Who has which address now. */
export interface Holdings {
  holdersOf(address: string): readonly Holder[];
  /** Somebody outside the cluster has it. */
  isForeign(address: string): boolean;
  /** Addresses that Services of this sharing key have. */
  sharedBy(key: string): Iterable<string>;
}

export type Allocation =
  | { readonly kind: 'given'; readonly addresses: readonly string[]; readonly pool: string }
  | { readonly kind: 'pending'; readonly reason: PendingReason; readonly message: string };

export type PendingReason = 'Invalid' | 'NoPool' | 'PoolExhausted' | 'AddressTaken' | 'AddressNotInPool';

export interface AllocationInput {
  readonly request: AddressRequest;
  readonly service: Service;
  readonly namespaceLabels: Labels;
  /** In the order in which they are tried. */
  readonly pools: readonly Pool[];
  readonly holdings: Holdings;
  /** What the Service has now. */
  readonly current: readonly string[];
}

/** How many addresses of a pool are looked at for a free one. */
const mostLookedAt = 1 << 20;

/**
 * The addresses of a Service. What it has stays as long as it could be given it; without that, a name is always led to the
 * same address, collisions aside, so that a prediction and a cluster agree.
 */
export function allocateAddresses(given: AllocationInput): Allocation {
  const input = { ...given, request: withPool(given) };
  const { request, service, namespaceLabels, pools } = input;
  const serving = pools.filter(
    (pool) =>
      (request.pool === undefined || pool.name === request.pool) && pool.serves(service, namespaceLabels),
  );
  if (serving.length === 0) return noPool(request, pools);
  if (request.addresses.length > 0) return givenByName(input, serving);
  const kept = serving.find((pool) => isKept(input, pool));
  if (kept !== undefined) return { kind: 'given', addresses: input.current, pool: kept.name };
  const candidates = serving.filter((pool) => pool.isAutoAssigned || request.pool !== undefined);
  if (candidates.length === 0)
    return pending('NoPool', 'no pool gives addresses to Services that do not ask for one by name');
  return freeIn(input, candidates);
}

/** Who asks to be internal is given an address of the pool for that, unless it names another. */
function withPool({ request, pools }: AllocationInput): AddressRequest {
  const isMeant = request.isInternal && request.pool === undefined;
  return isMeant && pools.some(({ name }) => name === internalPool)
    ? { ...request, pool: internalPool }
    : request;
}

function freeIn(input: AllocationInput, pools: readonly Pool[]): Allocation {
  const { families, isSecondOptional } = input.request;
  // Whom one family is enough gets both all the same where any pool has them.
  const wishes = isSecondOptional ? [families, families.slice(0, 1), families.slice(1)] : [families];
  for (const wish of wishes.filter(({ length }) => length > 0)) {
    for (const pool of pools) {
      const addresses = wish.flatMap((family) => freeAddress(input, pool, family) ?? []);
      if (addresses.length === wish.length) return { kind: 'given', addresses, pool: pool.name };
    }
  }
  const names = pools.map(({ name }) => name).join(', ');
  const missing = isSecondOptional ? 1 : families.length;
  const are = missing === 1 ? '1 address is' : `${missing} addresses are`;
  return pending(
    'PoolExhausted',
    `no pool has a free address of ${families.join(' and ')}: ${names}; ${are} missing: widen a pool, delete a Service, or share an address (metallb.io/allow-shared-ip)`,
  );
}

/** What the Service has, else what it may share, else the next one in a circle from where its name points. */
function freeAddress(input: AllocationInput, pool: Pool, family: Family): string | undefined {
  const { request, holdings, current } = input;
  const { sharingKey } = request.holder;
  const shared = sharingKey === undefined ? [] : [...holdings.sharedBy(sharingKey)];
  const preferred = [...current, ...shared].find(
    (address) => familyOf(address) === family && isPoolsOwn(pool, address) && isFree(input, address),
  );
  if (preferred !== undefined) return preferred;
  const ranges = pool.ranges.filter(({ first }) => first.family === family);
  const sizes = ranges.map(({ first, last }) => last.value - first.value + 1n);
  const total = sizes.reduce((sum, size) => sum + size, 0n);
  if (total === 0n) return undefined;
  const start = BigInt(hash32(request.service)) % total;
  const looks = total < BigInt(mostLookedAt) ? Number(total) : mostLookedAt;
  for (let step = 0; step < looks; step++) {
    let offset = (start + BigInt(step)) % total;
    const index = sizes.findIndex((size) => {
      if (offset < size) return true;
      offset -= size;
      return false;
    });
    const value = (ranges[index]?.first.value ?? 0n) + offset;
    const address = formatAddress({ family, value });
    if (isPoolsOwn(pool, address) && isFree(input, address)) return address;
  }
  return undefined;
}

/** All of one pool, of the right families, and still to be had. */
function isKept(input: AllocationInput, pool: Pool): boolean {
  const { request, current } = input;
  const families = current.map(familyOf);
  const isWhole = request.families.every((family) => families.includes(family));
  const isEnough = isWhole || (request.isSecondOptional && families.length > 0);
  return (
    isEnough &&
    new Set(families).size === families.length &&
    families.every((family) => request.families.includes(family)) &&
    current.every((address) => isPoolsOwn(pool, address) && isFree(input, address))
  );
}

function givenByName(input: AllocationInput, pools: readonly Pool[]): Allocation {
  const { addresses } = input.request;
  const missing = addresses.find((address) => !pools.some((pool) => isPoolsOwn(pool, address)));
  if (missing !== undefined)
    return pending('AddressNotInPool', `${missing} is in no pool that this Service may have addresses of`);
  const pool = pools.find((one) => addresses.every((address) => isPoolsOwn(one, address)));
  if (pool === undefined)
    return pending('AddressNotInPool', `${addresses.join(' and ')} are of different pools`);
  const taken = addresses.find((address) => !isFree(input, address));
  return taken === undefined
    ? { kind: 'given', addresses, pool: pool.name }
    : pending('AddressTaken', takenMessage(input, taken));
}

function takenMessage({ request, holdings }: AllocationInput, address: string): string {
  if (holdings.isForeign(address)) return `${address} is used by a machine outside the cluster`;
  const others = holdings.holdersOf(address).filter(({ service }) => service !== request.service);
  const names = others.map(({ service }) => service).join(', ');
  return `${address} is taken by ${names}, which does not share it on these terms`;
}

function isPoolsOwn(pool: Pool, text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && isInPool(pool, address);
}

function isFree({ request, holdings }: AllocationInput, address: string): boolean {
  if (holdings.isForeign(address)) return false;
  return holdings
    .holdersOf(address)
    .every((other) => other.service === request.service || canShare(request.holder, other));
}

function noPool({ pool }: AddressRequest, pools: readonly Pool[]): Allocation {
  if (pools.length === 0) return pending('NoPool', 'there is no IPAddressPool');
  if (pool !== undefined)
    return pending('NoPool', `there is no pool "${pool}", or it is not for this Service`);
  return pending('NoPool', 'none of the pools is for this Service');
}

function pending(reason: PendingReason, message: string): Allocation {
  return { kind: 'pending', reason, message };
}
