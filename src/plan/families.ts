import type { Family } from '../lib/address.ts';

/** nftables' word for a family: of its tables, and of what a rule reads in a packet's header. */
export const nftWord = { IPv4: 'ip', IPv6: 'ip6' } as const satisfies Record<Family, string>;

/** The type of a family's addresses in sets. */
export const addressType = { IPv4: 'ipv4_addr', IPv6: 'ipv6_addr' } as const satisfies Record<Family, string>;
