import { labAddresses, publicLoadBalancers } from '../../network/lab-addresses.ts';
import { privateRanges } from '../default-fabric.ts';
import { isWithin } from './next-hop.ts';
import { publicRange } from './outbound.ts';

/**
 * Whether the machine that stands for the internet has this address of IPv4. It has all but private ones, those by which
 * virtual networks are seen, and those of its own segment, where nobody else is; public addresses of load balancers it
 * leads to their networks.
 */
export function isOnInternet(address: string): boolean {
  if (address === labAddresses.internet || isWithin([publicLoadBalancers], address)) return true;
  return !isWithin([...privateRanges.IPv4, labAddresses.internetSegment, publicRange], address);
}
