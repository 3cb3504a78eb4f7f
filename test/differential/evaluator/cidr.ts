import { parseAddress } from '../../../src/lib/address.ts';
import { contains, parsePrefix } from '../../../src/lib/prefix.ts';

/** Whether the address is one of the block's. Throws `RangeError` for what is no block or no address. */
export function inCidr(cidr: string, address: string): boolean {
  const prefix = parsePrefix(cidr);
  const parsed = parseAddress(address);
  if (prefix === undefined || parsed === undefined)
    throw new RangeError(`not CIDR and address: ${cidr} ${address}`);
  return contains(prefix, parsed);
}
