import { bitsOf, parseAddress } from '../../lib/address.ts';
import { commonPrefix, contains, formatPrefix, prefixOf, type Prefix } from '../../lib/prefix.ts';
import type { NetworkPolicyPeer } from '../../api/types/network.ts';

/** More blocks than that nobody reads, and nobody would write: they are made wider. */
const mostBlocks = 8;

/**
 * Addresses as few ipBlocks: neighbours as one prefix, and where that leaves too many, the nearest ones as what they have
 * in common, without the cluster's own ranges.
 */
export function ipBlocks(addresses: Iterable<string>, ownRanges: readonly Prefix[]): NetworkPolicyPeer[] {
  const found = [...new Set(addresses)].flatMap((text) => parseAddress(text) ?? []);
  const exact = found.map((address) => prefixOf(address, bitsOf(address.family))).sort(byAddress);
  return widened(merged(exact)).map((prefix) => {
    const except = ownRanges.filter(
      (range) => range.length > prefix.length && contains(prefix, range.network),
    );
    const cidr = formatPrefix(prefix);
    return { ipBlock: { cidr, ...(except.length > 0 && { except: except.map(formatPrefix).sort() }) } };
  });
}

function byAddress({ network: a }: Prefix, { network: b }: Prefix): number {
  if (a.family !== b.family) return a.family < b.family ? -1 : 1;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}

/** Halves of one prefix become it, again and again. Sorted and disjoint, before and after. */
function merged(prefixes: readonly Prefix[]): Prefix[] {
  const done: Prefix[] = [];
  for (const prefix of prefixes) {
    let last = prefix;
    for (let before = done.at(-1); before !== undefined; before = done.at(-1)) {
      const both = commonPrefix(before, last);
      if (both === undefined || before.length !== last.length || both.length !== last.length - 1) break;
      done.pop();
      last = both;
    }
    done.push(last);
  }
  return done;
}

function widened(prefixes: readonly Prefix[]): Prefix[] {
  let all = [...prefixes];
  while (all.length > mostBlocks) {
    const pairs = all.slice(1).map((prefix, index) => commonPrefix(all[index] ?? prefix, prefix));
    const longest = Math.max(...pairs.map((prefix) => prefix?.length ?? -1));
    const wide = pairs.find((prefix) => prefix !== undefined && prefix.length === longest);
    if (wide === undefined) return all;
    const within = ({ network }: Prefix): boolean => contains(wide, network);
    all = [...all.filter((prefix) => !within(prefix)), wide].sort(byAddress);
  }
  return all;
}
