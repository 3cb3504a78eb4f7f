import { addressAfter, formatAddress } from '../../lib/address.ts';
import { contains, parsePrefix, rangeOf, type Prefix } from '../../lib/prefix.ts';
import type { ApplianceRoute } from '../../model/fabric/network/appliance-ways.ts';
import type { SubnetName } from '../../model/fabric/network/lookups.ts';

/** A route of users to an appliance, where it is used. */
export interface UsedRoute {
  readonly from: SubnetName;
  readonly route: ApplianceRoute;
}

/** `RouteTable/0003`: sorts as the routes are written. */
export const placeOf = ({ route: { table } }: UsedRoute): string =>
  `${table.name}/${String(table.index).padStart(4, '0')}`;

/**
 * Addresses of a prefix such that every part of it which is routed alike has one of them: where routes change, one of the
 * prefixes begins or has just ended.
 */
export function samplesOf(prefixes: readonly string[]): (prefix: string) => string[] {
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
