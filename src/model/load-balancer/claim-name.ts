import { canonicalAddress } from '../../lib/address.ts';

/** The name of an address's LoadBalancerAddress: names have no colons, and end in a letter or a digit. */
export function claimNameOf(address: string): string {
  const text = canonicalAddress(address);
  if (!text.includes(':')) return text;
  return text.replace(/^:/, '0:').replace(/:$/, ':0').replaceAll(':', '-');
}
