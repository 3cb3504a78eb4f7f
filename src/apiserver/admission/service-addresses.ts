import { allocateClusterIP } from '../../api/allocation.ts';
import { formatAddress, parseAddress, type Family } from '../../lib/address.ts';
import { contains, parsePrefix } from '../../lib/prefix.ts';
import { addressesOf } from '../addresses/ip-address.ts';
import { arrayAt, textAt, type StoredObject } from '../json.ts';
import { invalidValue, StatusError, type StatusCause } from '../status.ts';
import type { ServiceContext, ServiceDraft } from './service-draft.ts';
import { refuse, settleFamilies } from './service-families.ts';

const addressFields = ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'];

/** Sets `clusterIP` and `clusterIPs` of a draft. Throws 422 for what cannot be had, 500 when the range is full. */
export function allocateAddresses(context: ServiceContext, draft: ServiceDraft): void {
  const { spec, previous } = draft;
  if (spec['type'] === 'ExternalName') {
    for (const field of addressFields) delete spec[field];
    return;
  }
  const families = settleFamilies(context, draft);
  spec['ipFamilies'] = families;
  if (previous !== undefined) refuse(draft, changeProblems(draft.service, previous));
  if (textAt(spec, ['clusterIP']) === 'None') {
    spec['clusterIPs'] = ['None'];
    return;
  }
  const addresses = addressesFor(context, draft, families);
  spec['clusterIP'] = addresses[0];
  spec['clusterIPs'] = addresses;
}

/**
 * An address, being headless, or the order of families may not change while a Service has one; a second address
 * may come and go (upstream `validateServiceClusterIPsUpgradeDowngrade`).
 */
function changeProblems(service: StoredObject, previous: StoredObject): StatusCause[] {
  if (textAt(previous, ['spec', 'type']) === 'ExternalName') return [];
  return ['clusterIPs', 'ipFamilies'].flatMap((field) => {
    const [before, after] = [arrayAt(previous, ['spec', field]), arrayAt(service, ['spec', field])];
    return before.flatMap((old, i) =>
      i >= after.length || after[i] === old
        ? []
        : [invalidValue(`spec.${field}[${i}]`, after, 'may not change once set')],
    );
  });
}

function addressesFor(context: ServiceContext, draft: ServiceDraft, families: readonly Family[]): string[] {
  const given = addressesOf(draft.service);
  return families.map((family, i) => {
    const ranges = context.cidrs.filter((cidr) => parsePrefix(cidr)?.family === family);
    const address = given[i];
    if (address === undefined) return freeAddress(context, draft, ranges);
    requireFree(context, draft, { address, ranges });
    return address;
  });
}

/** The first of the ranges that has room; they are in order, the cluster's own one first. */
function freeAddress(context: ServiceContext, { key }: ServiceDraft, ranges: readonly string[]): string {
  for (const range of ranges) {
    const address = allocateClusterIP(range, context.index.taken, key);
    if (address !== undefined) return address;
  }
  const why = `failed to allocate a serviceIP: range ${ranges.join()} is full`;
  throw new StatusError(500, 'InternalError', `Internal error occurred: ${why}`, {});
}

function requireFree(
  context: ServiceContext,
  draft: ServiceDraft,
  { address, ranges }: { address: string; ranges: readonly string[] },
): void {
  const parsed = parseAddress(address);
  const holder = parsed && context.index.addresses.get(formatAddress(parsed));
  if (holder === draft.key) return;
  const inRange = ranges.some((range) => {
    const prefix = parsePrefix(range);
    return parsed !== undefined && prefix !== undefined && contains(prefix, parsed);
  });
  if (inRange && holder === undefined) return;
  const why = inRange
    ? `failed to allocate IP ${address}: provided IP is already allocated`
    : `failed to allocate IP ${address}: the provided IP is not in the valid range. The range of valid IPs is ${ranges.join()}`;
  refuse(draft, [invalidValue('spec.clusterIPs', addressesOf(draft.service), why)]);
}
