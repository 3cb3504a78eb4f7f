import type { Family } from '../../../src/lib/address.ts';

/** Addresses of the network in which random Services are asked. The node asked is number 1. */
export interface AddressPlan {
  readonly family: Family;
  readonly podRange: string;
  readonly serviceRange: string;
  readonly clientRange: string;
  node(number: number): string;
  tunnel(number: number): string;
  pod(node: number, index: number): string;
  clusterIP(index: number): string;
  external(index: number): string;
  client(index: number): string;
  /** Of the network in which the node's link number so much is. */
  link(number: number, end: 1 | 2): string;
  readonly host: number;
}

export const plans: Readonly<Record<Family, AddressPlan>> = {
  IPv4: {
    family: 'IPv4',
    podRange: '10.244.0.0/16',
    serviceRange: '10.96.0.0/16',
    clientRange: '203.0.113.0/24',
    node: (number) => `172.20.1.${number}`,
    tunnel: (number) => `10.244.${number}.0`,
    pod: (node, index) => `10.244.${node}.${index + 1}`,
    clusterIP: (index) => `10.96.0.${index + 10}`,
    external: (index) => `198.51.100.${index + 1}`,
    client: (index) => `203.0.113.${index + 1}`,
    link: (number, end) => `192.168.${number}.${end}`,
    host: 32,
  },
  IPv6: {
    family: 'IPv6',
    podRange: 'fd00:10:244::/48',
    serviceRange: 'fd00:10:96::/112',
    clientRange: '2001:db8:113::/64',
    node: (number) => `fd00:172:20::10${number}`,
    tunnel: (number) => `fd00:10:244:${number}::`,
    pod: (node, index) => `fd00:10:244:${node}::${index + 1}`,
    clusterIP: (index) => `fd00:10:96::${index + 10}`,
    external: (index) => `2001:db8:51::${index + 1}`,
    client: (index) => `2001:db8:113::${index + 1}`,
    link: (number, end) => `fd00:192:168:${number}::${end}`,
    host: 128,
  },
};
