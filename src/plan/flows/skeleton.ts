import type { NftSetType } from '../../kernel/nft/port.ts';
import type { Family } from '../../lib/address.ts';
import { addressType, nftWord } from '../families.ts';

/** The tables that record flows, one per address family; they are there only while somebody wants it. */
export const flowTables = {
  IPv4: { family: 'ip', table: 'weft-flows' },
  IPv6: { family: 'ip6', table: 'weft-flows' },
} as const satisfies Record<Family, unknown>;

/** The sets that packets fill: what the node's pods send, and what they receive. */
export const flowSets = ['sent', 'received'] as const;

/** Flows that a set holds between two looks of the agent. */
export const mostFlowsInSet = 16_384;

/** Source, destination, protocol and destination port of a new connection. */
export function flowSetType(family: Family): NftSetType {
  return { key: [addressType[family], addressType[family], 'inet_proto', 'inet_service'] };
}

/**
 * The kernel tells flows apart itself, so that a connection of a known kind costs one look-up, and no process hears of
 * it. `podLinks` is a link, or a pattern of links, by which packets come from pods and go to them. Each set is filled behind the policies that judge its direction, on the addresses that these see: what they drop
 * never gets there.
 */
export function flowSkeleton({ family, podLinks }: { family: Family; podLinks: string }): string {
  const ip = nftWord[family];
  const isNew = 'ct state new meta l4proto { tcp, udp, sctp }';
  const flow = `${ip} saddr . ${ip} daddr . meta l4proto . th dport`;
  const sets = flowSets.map(
    (set) =>
      `  set ${set} { type ${flowSetType(family).key.join(' . ')}; flags dynamic; size ${mostFlowsInSet}; }`,
  );
  return `
table ${ip} ${flowTables[family].table} {
${sets.join('\n')}
  chain forward {
    type filter hook forward priority 10; policy accept;
    iifname "${podLinks}" ${isNew} add @sent { ${flow} }
  }
  chain postrouting {
    type filter hook postrouting priority 200; policy accept;
    oifname "${podLinks}" ${isNew} add @received { ${flow} }
  }
}
`;
}
