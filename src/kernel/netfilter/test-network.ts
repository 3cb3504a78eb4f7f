import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { NetworkNamespaces } from '../netns/port.ts';
import { createNetworkNamespaces } from '../netns/real.ts';
import { createNftables } from '../nft/nftables.ts';
import type { Nftables } from '../nft/port.ts';
import { createRouteNetlink } from '../route/real.ts';
import type { RouteNetlink } from '../route/port.ts';
import { createSockets } from '../sockets/sockets.ts';
import type { Sockets } from '../sockets/port.ts';
import { createSysctl } from '../sysctl/real.ts';

/** Throw-away namespaces with real adapters, for tests of netfilter with packets. */
export interface TestNetwork {
  readonly namespaces: NetworkNamespaces;
  readonly nft: Nftables;
  readonly sockets: Sockets;
  close(): void;
}

/*
 * Address plan. The router forwards, and its two links are named after whom they lead to.
 *
 *   client 10.0.1.2 --- 10.0.1.1 client | router | server 10.0.2.1 --- 10.0.2.2 server
 */
export const clientAddress = '10.0.1.2';
export const serverAddress = '10.0.2.2';
export const routerAtServer = '10.0.2.1';

/** Why tests with a network cannot run, or false. */
export const skipNetwork = process.getuid?.() === 0 ? false : 'needs root';

export function createTestNetwork(): TestNetwork {
  const directory = mkdtempSync(join(tmpdir(), 'weft-netfilter-'));
  const namespaces = createNetworkNamespaces({ directory });
  const route = createRouteNetlink({ namespaces });
  const nft = createNftables({ namespaces });
  for (const name of ['client', 'router', 'server']) namespaces.create(name);
  createSysctl({ namespaces }).write('router', { 'net.ipv4.ip_forward': '1' });
  attach(route, 'client', '10.0.1');
  attach(route, 'server', '10.0.2');
  return {
    namespaces,
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

/** Joins a machine to the router, which is `.1` on the network, the machine being `.2`. */
function attach(route: RouteNetlink, machine: string, network: string): void {
  const failures = [
    ...route.apply('router', [
      {
        action: 'add-link',
        link: { kind: 'veth', name: machine, peer: { name: 'eth0', namespace: machine } },
      },
      { action: 'add-address', address: { link: machine, address: `${network}.1/24` } },
    ]),
    ...route.apply(machine, [
      { action: 'add-address', address: { link: 'eth0', address: `${network}.2/24` } },
      { action: 'add-route', route: { destination: '0.0.0.0/0', link: 'eth0', via: `${network}.1` } },
    ]),
  ];
  assert.deepEqual(failures, []);
}

/** Waits, for packets are on their way: until `read` yields something, or the test's time is up. */
export async function eventually<T>(read: () => T | undefined | false): Promise<T> {
  for (;;) {
    const found = read();
    if (found !== undefined && found !== false) return found;
    await delay(5);
  }
}
