/**
 * Nodes that announce an address on layer 2 and die: not cut from the network, but killed, and gone with all that they were.
 *
 *     segment   bridge: n1, n2, n3 (a process each), client
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { NetworkNamespaces } from '../../src/kernel/netns/port.ts';
import { createNetworkNamespaces } from '../../src/kernel/netns/real.ts';
import type { RouteNetlink } from '../../src/kernel/route/port.ts';
import { createRouteNetlink } from '../../src/kernel/route/real.ts';
import { createSockets } from '../../src/kernel/sockets/sockets.ts';
import type { Sockets } from '../../src/kernel/sockets/port.ts';
import { cannotSendPackets } from '../support/lab.ts';
import { eventually } from './flow.ts';

const program = fileURLToPath(new URL('../support/speaking-node.ts', import.meta.url));
const needsNsenter = spawnSync('nsenter', ['--version']).error !== undefined && 'needs nsenter';

const address = '192.0.2.5';
const nodes = ['n1', 'n2', 'n3'] as const;
type Node = (typeof nodes)[number];
const macs = { n1: '02:00:00:00:00:01', n2: '02:00:00:00:00:02', n3: '02:00:00:00:00:03' } as const;

describe('nodes that die while they announce an address', { skip: cannotSendPackets || needsNsenter }, () => {
  let directory = '';
  let namespaces: NetworkNamespaces;
  let route: RouteNetlink;
  let sockets: Sockets;
  const processes = new Map<Node, ChildProcess>();

  const cable = (name: string, mac?: string): void => {
    const peer = { name: 'eth0', namespace: name, ...(mac !== undefined && { mac }) };
    const link = { kind: 'veth', name, master: 'switch', peer } as const;
    assert.deepEqual(route.apply('segment', [{ action: 'add-link', link }]), []);
  };
  const start = async (node: Node): Promise<void> => {
    const child = spawn(process.execPath, [program, directory, node, address, ...nodes], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    processes.set(node, child);
    await once(child, 'spawn');
  };
  const kill = async (node: Node): Promise<void> => {
    const child = processes.get(node) ?? assert.fail();
    processes.delete(node);
    child.kill('SIGKILL');
    await once(child, 'exit');
  };

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'weft-killed-'));
    namespaces = createNetworkNamespaces({ directory });
    route = createRouteNetlink({ namespaces });
    sockets = createSockets({ namespaces });
    for (const name of ['segment', 'client', ...nodes]) namespaces.create(name);
    route.apply('segment', [{ action: 'add-link', link: { kind: 'bridge', name: 'switch' } }]);
    cable('client');
    for (const node of nodes) cable(node, macs[node]);
    const own = { link: 'eth0', address: '192.0.2.250/24' };
    assert.deepEqual(route.apply('client', [{ action: 'add-address', address: own }]), []);
    for (const node of nodes) await start(node);
  });
  after(async () => {
    for (const node of processes.keys()) await kill(node);
    route?.close();
    for (const name of namespaces?.list() ?? []) namespaces.delete(name);
    namespaces?.close();
    rmSync(directory, { recursive: true });
  });

  /** Whom the client's kernel sends what is for the address. */
  const neighbour = (): string => {
    const fd = sockets.connect('client', { protocol: 'udp', address, port: 9 });
    sockets.send(fd, Buffer.from('x'));
    sockets.close(fd);
    const { stdout } = spawnSync('nsenter', [`--net=${join(directory, 'client')}`, 'cat', '/proc/net/arp'], {
      encoding: 'utf8',
    });
    return stdout.split('\n').find((line) => line.startsWith(`${address} `)) ?? '';
  };
  const isAnsweredBy = (node: Node): Promise<void> =>
    eventually(`${node} answers`, () => neighbour().includes(macs[node]), 20_000);

  test('the first of the order answers', () => isAnsweredBy('n1'));

  test('when its process is killed the next one does, and the first again when it is back', async () => {
    await kill('n1');
    await isAnsweredBy('n2');
    await start('n1');
    await isAnsweredBy('n1');
  });

  test('when it is gone with its network, and then the next one as well, the last one does', async () => {
    for (const [gone, next] of [
      ['n1', 'n2'],
      ['n2', 'n3'],
    ] as const) {
      await kill(gone);
      route.forget(gone);
      namespaces.delete(gone);
      await eventually('its cable is gone', () => !route.dump('segment').links.has(gone));
      await isAnsweredBy(next);
    }
  });
});
