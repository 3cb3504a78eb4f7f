import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConntrack } from '../../../src/kernel/conntrack/conntrack.ts';
import type { ConntrackEntry } from '../../../src/kernel/conntrack/port.ts';
import { createNetworkNamespaces } from '../../../src/kernel/netns/real.ts';
import { createNftables } from '../../../src/kernel/nft/nftables.ts';
import type { Nftables } from '../../../src/kernel/nft/port.ts';
import { createRouteNetlink } from '../../../src/kernel/route/real.ts';
import type { RouteNetlink, RouteOperation } from '../../../src/kernel/route/port.ts';
import { createSockets } from '../../../src/kernel/sockets/sockets.ts';
import type { Sockets } from '../../../src/kernel/sockets/port.ts';
import { createSysctl } from '../../../src/kernel/sysctl/real.ts';
import { WeftError } from '../../../src/lib/errors.ts';
import { nftWord } from '../../../src/plan/families.ts';
import { labSysctls, nodeSysctls } from '../../../src/plan/sysctls.ts';
import { initOf } from '../../../src/workload/probe/sctp.ts';
import type { OracleNode, Question } from './expectation.ts';
import type { AddressPlan } from './plan.ts';

/** What a node did with a packet, as its connection tracking and the sender tell. */
export interface Observed {
  /** `refused`: an ICMP error or a reset came back. */
  readonly wasRefused: boolean;
  /** Where it went and what source it had then; undefined when it went nowhere. */
  readonly went: { readonly backend: string; readonly source: string } | undefined;
}

/**
 * A node with real links and nobody behind them: whatever it lets out is swallowed, and connection tracking has where it
 * went. Everybody else's addresses are in one other namespace, which sends.
 *
 *     world ── eth0 ── node        also the way to everybody outside
 *       └──── vxlan.calico         to pods of other nodes
 *       └──── pods                 to its own
 */
export interface NodeNetwork {
  readonly netns: 'node';
  readonly nft: Nftables;
  /** Sends each, one after the other, and says what became of each. A busy machine may need longer to tell. */
  ask(questions: readonly Question[], waitMs?: number): Promise<Observed[]>;
  close(): void;
}

/** The world has all addresses of pods: it would not answer when a node asks for a neighbour from one of them. */
const worldMac = '0a:58:00:00:00:01';
const nodeMac = '0a:58:00:00:00:02';

const links = ['eth0', 'vxlan.calico', 'pods'] as const;

export function createNodeNetwork(plan: AddressPlan, node: OracleNode): NodeNetwork {
  const directory = mkdtempSync(join(tmpdir(), 'weft-services-'));
  const namespaces = createNetworkNamespaces({ directory });
  const sysctl = createSysctl({ namespaces });
  const route = createRouteNetlink({ namespaces });
  const nft = createNftables({ namespaces });
  const sockets = createSockets({ namespaces });
  const conntrack = createConntrack({ namespaces });
  for (const netns of ['world', 'node']) {
    namespaces.create(netns);
    sysctl.write(netns, labSysctls(['IPv4', 'IPv6']));
    sysctl.write(netns, { 'net.ipv4.conf.all.rp_filter': '0', 'net.ipv4.conf.default.rp_filter': '0' });
  }
  wire(route, plan, node);
  const { 'net.ipv4.conf.eth0.rp_filter': _, ...settings } = nodeSysctls(['IPv4', 'IPv6'], '6.1');
  sysctl.write('node', settings);
  nft.run('world', swallowing(plan));

  let lastPort = 10_000;
  const family = nftWord[plan.family];
  const own = [node.address, node.tunnelAddress];
  return {
    netns: 'node',
    nft,
    async ask(questions, waitMs = 5) {
      const sent = questions.map((question) => {
        lastPort = lastPort >= 60_000 ? 10_001 : lastPort + 1;
        const netns = own.includes(question.source) ? 'node' : 'world';
        return {
          question,
          sourcePort: lastPort,
          fd: send(sockets, netns, { ...question, sourcePort: lastPort }),
        };
      });
      // Links of one machine deliver within the system call that sends; errors may take a turn of a softirq.
      await sleep(waitMs);
      const tracked = new Map<string, ConntrackEntry>();
      for (const entry of conntrack.list('node', family)) {
        tracked.set(`${entry.protocol} ${entry.original.sourcePort}`, entry);
        if (entry.protocol !== 'other') conntrack.delete('node', entry);
      }
      return sent.map(({ question, sourcePort, fd }) => {
        const entry = tracked.get(`${question.protocol.toLowerCase()} ${sourcePort}`);
        const wasRefused = fd !== undefined && hasFailed(sockets, fd);
        if (fd !== undefined) sockets.close(fd, { reset: question.protocol === 'TCP' });
        return { wasRefused, went: entry === undefined ? undefined : wentTo(entry) };
      });
    },
    close() {
      nft.close();
      route.close();
      conntrack.close();
      for (const netns of namespaces.list()) namespaces.delete(netns);
      namespaces.close();
      rmSync(directory, { recursive: true });
    },
  };
}

const wentTo = ({ reply }: ConntrackEntry): NonNullable<Observed['went']> => ({
  backend: `${reply.source} ${reply.sourcePort}`,
  source: reply.destination,
});

/** Undefined where the kernel would not even send it: what is dropped on the way out is an error to whoever sends. */
function send(
  sockets: Sockets,
  netns: string,
  asked: Question & { readonly sourcePort: number },
): number | undefined {
  const { protocol, source: sourceAddress, destination: address, ...ports } = asked;
  try {
    const word = protocol.toLowerCase() as 'tcp' | 'udp' | 'sctp';
    const fd = sockets.connect(netns, { protocol: word, address, sourceAddress, ...ports });
    if (protocol === 'UDP') sockets.send(fd, Buffer.from('?'));
    if (protocol === 'SCTP') sockets.send(fd, initOf(ports));
    return fd;
  } catch (error) {
    if (error instanceof WeftError && error.code.startsWith('socket-')) return undefined;
    throw error;
  }
}

function hasFailed(sockets: Sockets, fd: number): boolean {
  const received = sockets.receive(fd);
  return received.kind === 'failed' || sockets.icmpError(fd) !== undefined;
}

function wire(route: RouteNetlink, plan: AddressPlan, node: OracleNode): void {
  const segment = plan.family === 'IPv4' ? 16 : 64;
  const [gateway, others] = [plan.node(9), [plan.node(2), plan.node(3)]];
  const address = (link: string, text: string): RouteOperation => ({
    action: 'add-address',
    address: { link, address: text },
  });
  const way = (destination: string, link: string, via?: string): RouteOperation => ({
    action: 'add-route',
    route: via === undefined ? { destination, link: 'lo', type: 'local' } : { destination, link, via },
  });
  const neighbour = (link: string, text: string, mac = worldMac): RouteOperation => ({
    action: 'add-neighbour',
    neighbour: { link, address: text, mac },
  });
  const everything = plan.family === 'IPv4' ? '0.0.0.0/0' : '::/0';
  const ownBlock = plan.family === 'IPv4' ? '10.244.1.0/24' : 'fd00:10:244:1::/64';
  const between = plan.family === 'IPv4' ? 24 : 64;
  const failures = [
    ...route.apply(
      'node',
      links.map((name) => ({
        action: 'add-link',
        link: { kind: 'veth', name, mac: nodeMac, peer: { name, namespace: 'world', mac: worldMac } },
      })),
    ),
    ...route.apply('node', [
      address('eth0', `${node.address}/${segment}`),
      address('vxlan.calico', `${plan.link(1, 1)}/${between}`),
      address('vxlan.calico', `${node.tunnelAddress}/${plan.host}`),
      address('pods', `${plan.link(2, 1)}/${between}`),
      ...[gateway, ...others].map((text) => neighbour('eth0', text)),
      neighbour('vxlan.calico', plan.link(1, 2)),
      neighbour('pods', plan.link(2, 2)),
      way(everything, 'eth0', gateway),
      way(plan.podRange, 'vxlan.calico', plan.link(1, 2)),
      way(ownBlock, 'pods', plan.link(2, 2)),
    ]),
    ...route.apply('world', [
      { action: 'set-link', link: { kind: 'veth-peer', name: 'eth0' } },
      { action: 'set-link', link: { kind: 'veth-peer', name: 'vxlan.calico' } },
      { action: 'set-link', link: { kind: 'veth-peer', name: 'pods' } },
      ...[gateway, ...others].map((text) => address('eth0', `${text}/${segment}`)),
      address('vxlan.calico', `${plan.link(1, 2)}/${between}`),
      address('pods', `${plan.link(2, 2)}/${between}`),
      neighbour('eth0', node.address, nodeMac),
      way(plan.podRange, 'lo'),
      way(plan.clientRange, 'lo'),
      way(everything, 'eth0', node.address),
    ]),
  ];
  assert.deepEqual(failures, []);
}

/** Nobody answers but with errors: what a node lets out is swallowed before anybody could refuse it. */
function swallowing({ family }: AddressPlan): string {
  const heard =
    family === 'IPv4'
      ? 'icmp type destination-unreachable accept'
      : 'icmpv6 type { destination-unreachable, nd-neighbor-solicit, nd-neighbor-advert } accept';
  return `table ${nftWord[family]} world {
  chain in {
    type filter hook prerouting priority -300; policy drop;
    ${heard}
    meta l4proto tcp tcp flags & rst == rst accept
  }
}`;
}
