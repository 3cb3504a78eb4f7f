import { parseAddress } from '../../lib/address.ts';
import {
  contains,
  parsePrefix,
  rangeOf,
  withoutRange,
  type AddressRange,
  type Prefix,
} from '../../lib/prefix.ts';
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

type Ranges = Pick<NetworkConfig, 'podCidrs' | 'serviceCidrs'>;

const neverNamed = ({ podCidrs, serviceCidrs }: Ranges): Prefix[] =>
  [...podCidrs, ...serviceCidrs, ...localRanges].flatMap((range) => parsePrefix(range) ?? []);

/** Tells which addresses a policy can mean by a domain name: none of pods, Services or the machine itself. */
export function nameableIn(config: Ranges): (address: string) => boolean {
  const own = neverNamed(config);
  return (text) => {
    const address = parseAddress(text);
    return address !== undefined && !own.some((range) => contains(range, address));
  };
}

/** The parts of ranges that a policy can mean by a domain name; of prefixes of the cluster nothing is left. */
export function nameableParts(config: Ranges, ranges: readonly AddressRange[]): AddressRange[] {
  const own = neverNamed(config).map(rangeOf);
  return ranges.flatMap((range) =>
    own.reduce<AddressRange[]>((parts, hole) => parts.flatMap((part) => withoutRange(part, hole)), [range]),
  );
}

/** Tells whether a policy may mean an address of a range by a domain name. */
export function nameableWithin(config: Ranges): (range: AddressRange) => boolean {
  const own = neverNamed(config);
  return ({ first, last }) => !own.some((range) => contains(range, first) && contains(range, last));
}
