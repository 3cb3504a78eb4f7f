import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NetworkNamespaces } from '../netns/port.ts';
import { createNetworkNamespaces } from '../netns/real.ts';
import type { Nftables } from '../nft/port.ts';
import { createNftables } from '../nft/nftables.ts';
import type { RouteNetlink, RouteOperation } from '../route/port.ts';
import { createRouteNetlink } from '../route/real.ts';
import { createSysctl } from '../sysctl/real.ts';
import type { Sockets } from './port.ts';
import { createSockets } from './sockets.ts';

/*
 * For tests with real packets: three namespaces in a line.
 *
 *   client eth0 10.0.1.2/24 --- 10.0.1.1/24 c0 router s0 10.0.2.1/24 --- 10.0.2.2/24 eth0 server
 *               fd00:1::2/64    fd00:1::1/64          fd00:2::1/64       fd00:2::2/64
 *
 * Both ends have a default route by the router. The router has none, so it rejects (network unreachable) what is for
 * elsewhere; 10.0.3.0/24 it swallows.
 */
export const line = {
  client: '10.0.1.2',
  router: '10.0.1.1',
  server: '10.0.2.2',
  client6: 'fd00:1::2',
  router6: 'fd00:1::1',
  server6: 'fd00:2::2',
  swallowed: '10.0.3.9',
  elsewhere: '10.0.4.9',
} as const;

export interface LineNetwork {
  readonly namespaces: NetworkNamespaces;
  readonly route: RouteNetlink;
  readonly nft: Nftables;
  readonly sockets: Sockets;
  /** Removes everything. */
  close(): void;
}

const ends = [
  { name: 'client', port: 'c0', subnet: '10.0.1', subnet6: 'fd00:1::' },
  { name: 'server', port: 's0', subnet: '10.0.2', subnet6: 'fd00:2::' },
] as const;

/** Makes the namespaces `client`, `router` and `server` in a temporary directory. Needs root. */
export function createLineNetwork(): LineNetwork {
  const directory = mkdtempSync(join(tmpdir(), 'weft-line-'));
  const namespaces = createNetworkNamespaces({ directory });
  const route = createRouteNetlink({ namespaces });
  const nft = createNftables({ namespaces });
  const sysctl = createSysctl({ namespaces });
  for (const name of ['client', 'router', 'server']) {
    namespaces.create(name);
    // Unreachable messages are limited to one a second and destination otherwise. A limit of 0 instead of an empty
    // mask would starve "no route", which is limited by the same tokens (inet_peer_xrlim_allow, ip_error).
    sysctl.write(name, {
      'net.ipv4.icmp_ratemask': '0',
      'net.ipv6.icmp.ratelimit': '0',
      'net.ipv6.conf.default.accept_dad': '0',
      'net.ipv4.conf.all.forwarding': '1',
      'net.ipv6.conf.all.forwarding': '1',
    });
  }
  for (const { name, port, subnet, subnet6 } of ends) {
    const peer = { name: 'eth0', namespace: name };
    apply(route, 'router', [
      { action: 'add-link', link: { kind: 'veth', name: port, peer } },
      { action: 'add-address', address: { link: port, address: `${subnet}.1/24` } },
      { action: 'add-address', address: { link: port, address: `${subnet6}1/64` } },
    ]);
    apply(route, name, [
      { action: 'set-link', link: { kind: 'veth-peer', name: 'eth0' } },
      { action: 'add-address', address: { link: 'eth0', address: `${subnet}.2/24` } },
      { action: 'add-address', address: { link: 'eth0', address: `${subnet6}2/64` } },
      { action: 'add-route', route: { destination: '0.0.0.0/0', link: 'eth0', via: `${subnet}.1` } },
      { action: 'add-route', route: { destination: '::/0', link: 'eth0', via: `${subnet6}1` } },
    ]);
  }
  apply(route, 'router', [
    { action: 'add-route', route: { destination: '10.0.3.0/24', link: 'lo', type: 'blackhole' } },
  ]);
  return {
    namespaces,
    route,
    nft,
    sockets: createSockets({ namespaces }),
    close() {
      nft.close();
      route.close();
      for (const name of namespaces.list()) namespaces.delete(name);
      namespaces.close();
      rmSync(directory, { recursive: true });
    },
  };
}

function apply(route: RouteNetlink, namespace: string, operations: readonly RouteOperation[]): void {
  const [failure] = route.apply(namespace, operations);
  if (failure !== undefined) throw new Error(`${namespace}: ${JSON.stringify(failure)}`);
}
