import { parseAddress } from '../../lib/address.ts';
import { contains, parsePrefix } from '../../lib/prefix.ts';
import type { GuardedAddress } from './port.ts';

/** Whether an address is in one of the ranges. */
export function isInRanges(ranges: readonly string[], text: string): boolean {
  const address = parseAddress(text);
  return ranges.some((range) => {
    const prefix = parsePrefix(range);
    return address !== undefined && prefix !== undefined && contains(prefix, address);
  });
}

/**
 * The ranges from which a node lets connections to a load balancer's address in. Where the node itself may come, so may
 * the address: a node that has the load balancer's address on a link sends from it.
 */
export function admittedRanges(
  { address, sourceRanges }: GuardedAddress,
  nodeAddresses: readonly string[],
): readonly string[] {
  const isNodeAdmitted = nodeAddresses.some((own) => isInRanges(sourceRanges, own));
  return isNodeAdmitted ? [...sourceRanges, `${address}/${address.includes(':') ? 128 : 32}`] : sourceRanges;
}
