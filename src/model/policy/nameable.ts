import { parseAddress } from '../../lib/address.ts';
import { contains, parsePrefix } from '../../lib/prefix.ts';
import type { NetworkConfig } from '../network/config.ts';

/** Never to be reached by a domain name: who owns a name could open the way to what he names. */
const localRanges = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/3',
  '::/127',
  'fe80::/10',
  'ff00::/8',
];

/** Tells which addresses a policy can mean by a domain name: none of pods, Services or the machine itself. */
export function nameableIn({
  podCidrs,
  serviceCidrs,
}: Pick<NetworkConfig, 'podCidrs' | 'serviceCidrs'>): (address: string) => boolean {
  const own = [...podCidrs, ...serviceCidrs, ...localRanges].flatMap((range) => parsePrefix(range) ?? []);
  return (text) => {
    const address = parseAddress(text);
    return address !== undefined && !own.some((range) => contains(range, address));
  };
}
