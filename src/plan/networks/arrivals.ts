import { formatAddress } from '../../lib/address.ts';
import { prefixOf, type Prefix } from '../../lib/prefix.ts';
import { effectiveRoutes, unroutedRanges } from '../../model/fabric/network/effective-routes.ts';
import { leadsByAddress } from '../../model/fabric/network/next-hop.ts';
import { metadataAddress, platformAddress } from '../../model/fabric/network/platform.ts';
import type { NetworkInterface, NetworkWorld } from '../../model/fabric/network/world.ts';
import { chainOf, namedChain, type Chain } from './groups.ts';
import { arrivedMark } from './marks.ts';
import { sourceChains } from './skeleton.ts';
import type { InsideZone } from './zone-chains.ts';

/** What a link sends, as far as rules are concerned: links of which all is the same share a chain. */
export interface Arrival {
  readonly mark: number;
  readonly zone: InsideZone;
  /** Whether its routes lead to whoever has a private address, and to nobody else. */
  readonly isDelivered: boolean;
  /** Name of the chain that knows the addresses it may send from; undefined where it forwards for others. */
  readonly source: string | undefined;
}

/**
 * The first that a packet meets: a chain that says all about where it comes from, so that it takes one look-up. Tunnels that
 * a virtual network does not carry (GRE, IP in IP) go, and so do sources that are not the link's own where it does not
 * forward.
 */
export function arrivalChain({ mark, zone, isDelivered, source }: Arrival): Chain {
  const end = source === undefined ? 'accept' : `goto ${source}`;
  const skipped = isDelivered ? mark + arrivedMark : mark;
  return chainOf('arrival', [
    'ip protocol { 4, 41, 47 } drop',
    // A rule each: one look-up in a set of ranges costs as much as all of them.
    ...(zone.skips ? unroutedRanges : []).map(
      (range) => `ip daddr ${range} meta mark set ${skipped} notrack ${end}`,
    ),
    `meta mark set ${mark}`,
    `ip daddr != { ${platformAddress}, ${metadataAddress} } jump ${zone.chain}`,
    end,
  ]);
}

/**
 * Name of the chain that accepts what comes from a link's own addresses, or from its blocks, if it has any. Where these are
 * all of one size, and pods' blocks are, the address without its last bits is looked up: that costs a fraction of ranges.
 */
export function sourceChain(blocks: readonly Prefix[], chain: (made: Chain) => string): string {
  const length = commonLength(blocks);
  if (length === undefined) return blocks.length === 0 ? sourceChains.own : sourceChains.blocks;
  const { network } = prefixOf({ family: 'IPv4', value: everyBit }, length);
  return chain(
    namedChain(`from-blocks-${length}`, () => [
      `iifname . ip saddr & ${formatAddress(network)} @own-sized accept`,
      `goto ${sourceChains.own}`,
    ]),
  );
}

/** Of blocks that are all of one size. */
export function commonLength([first, ...others]: readonly Prefix[]): number | undefined {
  return others.every(({ length }) => length === first?.length) ? first?.length : undefined;
}

const everyBit = 0xffff_ffffn;

/** Tells for each interface whether its routes do what `Arrival.isDelivered` says. Those of a subnet have the same. */
export function deliveredFrom(world: NetworkWorld): (one: NetworkInterface) => boolean {
  const known = new Map<string, boolean>();
  return ({ network, subnet }) => {
    const key = `${network}/${subnet}`;
    const isDelivered = known.get(key) ?? leadsByAddress(effectiveRoutes(world, network, subnet));
    known.set(key, isDelivered);
    return isDelivered;
  };
}
