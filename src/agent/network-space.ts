import { fabricResources } from '../api/resources.ts';
import type { VirtualNetwork } from '../api/types/fabric.ts';
import type { Client, Informer } from '../client/port.ts';
import { joinRanges, parsePrefix, rangeOf, type AddressRange } from '../lib/prefix.ts';
import { sameJson } from '../lib/same-json.ts';
import type { NetworkConfig } from '../model/network/config.ts';
import { modelTraits } from '../model/network/models.ts';
import { spaceOfPods } from '../model/network/network-space.ts';

/** The addresses that nodes take for pods', as virtual networks are now: see `spaceOfPods`. */
export interface NetworkSpace {
  /** What it follows from, by plural name; none in models whose pods have ranges of their own. */
  readonly informers: Readonly<Record<string, Informer<VirtualNetwork>>>;
  /** To be called after a network changed. */
  changed(): void;
  /** Ranges in order, apart from each other; the same object as long as it says the same. */
  current(): readonly AddressRange[];
}

export function followNetworkSpace(client: Pick<Client, 'informer'>, config: NetworkConfig): NetworkSpace {
  let ranges: readonly AddressRange[] = [];
  if (modelTraits[config.model].podAddresses !== 'network') {
    return { informers: {}, changed: () => {}, current: () => ranges };
  }
  const virtualnetworks = client.informer<VirtualNetwork>(fabricResources.virtualnetworks);
  return {
    informers: { virtualnetworks },
    changed() {
      const prefixes = spaceOfPods(config, virtualnetworks.values()).flatMap(
        (text) => parsePrefix(text) ?? [],
      );
      const now = joinRanges(prefixes.filter(({ family }) => family === 'IPv4').map(rangeOf));
      if (!sameJson(now, ranges)) ranges = now;
    },
    current: () => ranges,
  };
}
