import type { Family } from '../../lib/address.ts';

/** AF_INET and AF_INET6 (linux/socket.h). */
export const addressFamily = { IPv4: 2, IPv6: 10 } as const satisfies Record<Family, number>;
