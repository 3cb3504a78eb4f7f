/*
 * What the policy and Service tables rely on the kernel to do, each shown with packets. The rules are those of
 * src/plan, cut down to the fact. Addresses: see test-network.ts.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { libc, syscallUnless } from '../libc.ts';
import { SOCK_CLOEXEC, SOCK_NONBLOCK } from '../libc-constants.ts';
import { createConntrack } from '../conntrack/conntrack.ts';
import type { Conntrack, ConntrackEntry } from '../conntrack/port.ts';
import type { LoggedPacket, PacketLog } from '../nft/log-port.ts';
import { createPacketLog } from '../nft/packet-log.ts';
import { createPoller } from '../poll/poller.ts';
import type { Poller } from '../poll/port.ts';
import {
  clientAddress,
  createTestNetwork,
  eventually,
  routerAtServer,
  serverAddress,
  skipNetwork,
  type TestNetwork,
} from './test-network.ts';

const cutBit = 0x8000_0000;

/** The next connection of a listening socket; undefined when there is none yet. */
function accept(listener: number): number | undefined {
  return syscallUnless(['EAGAIN'], 'accept4', () =>
    libc().accept4(listener, null, null, SOCK_CLOEXEC | SOCK_NONBLOCK),
  );
}

describe('netfilter, as the plan relies on it', { skip: skipNetwork, timeout: 30_000 }, () => {
  let network: TestNetwork;
  let conntrack: Conntrack;
  let poller: Poller;
  let log: PacketLog;
  let logged: LoggedPacket[];
  let open: number[];

  before(() => {
    poller = createPoller();
  });
  after(() => poller.close());

  beforeEach(() => {
    network = createTestNetwork();
    conntrack = createConntrack(network);
    log = createPacketLog({ namespaces: network.namespaces, poller });
    log.listen('router', 7);
    logged = [];
    log.onPacket((packet) => logged.push(packet));
    open = [];
  });
  afterEach(async () => {
    for (const fd of open) network.sockets.close(fd, { reset: true });
    await log.close();
    conntrack.close();
    network.close();
  });

  const keep = (fd: number): number => {
    open.push(fd);
    return fd;
  };
  const listen = (protocol: 'tcp' | 'udp', port: number): number =>
    keep(network.sockets.listen('server', { protocol, port }));
  const connect = (protocol: 'tcp' | 'udp', port: number): number =>
    keep(network.sockets.connect('client', { protocol, address: serverAddress, port }));
  const send = (fd: number, text: string): void => {
    assert.deepEqual(network.sockets.send(fd, Buffer.from(text)), { kind: 'sent' });
  };
  const received = (fd: number): string | undefined => {
    const { kind, ...rest } = network.sockets.receive(fd);
    return kind === 'data' && 'data' in rest ? Buffer.from(rest.data).toString() : undefined;
  };
  /** Source address of a logged packet. */
  const sourceOf = ({ payload }: LoggedPacket): string => payload.subarray(12, 16).join('.');
  const entries = (): ConntrackEntry[] => conntrack.list('router', 'ip');
  /** Prefixes logged once `last` has been. */
  const prefixesUpTo = async (last: string): Promise<string[]> => {
    await eventually(() => logged.some(({ prefix }) => prefix === last));
    return logged.map(({ prefix }) => prefix);
  };

  test('a rule can set the mark from a map and match on it; a map that misses ends the rule', async () => {
    network.nft.run(
      'router',
      `table ip t {
        map m { type ipv4_addr . mark : mark; elements = { ${clientAddress} . 5 : 9 } }
        set ports { type mark . inet_proto . inet_service; flags interval; elements = { 9 . udp . 1000-1099 } }
        chain judge {
          meta mark set ip saddr . meta mark map @m meta mark . meta l4proto . th dport @ports return
          log group 7 prefix "refused" drop
        }
        chain f {
          type filter hook forward priority 0;
          udp dport 1050 meta mark set 5 jump judge
          udp dport 1050 log group 7 prefix "mark 9, port in the set" accept
          udp dport 2000 meta mark set 5 jump judge
          udp dport 1060 meta mark set 6 jump judge
          udp dport 7777 log group 7 prefix "end"
        }
      }`,
    );
    const destinations = [1050, 2000, 1060, 7777];
    for (const port of destinations) send(connect('udp', port), 'x');
    const seen = (await prefixesUpTo('end')).map((prefix, index) => `${prefix} ${logged[index]?.mark}`);
    assert.deepEqual(seen, ['mark 9, port in the set 9', 'refused 9', 'refused 6', 'end 0']);
  });

  test('a cut mark ends an established connection in both directions', async () => {
    network.nft.run(
      'router',
      `table ip t { chain f {
        type filter hook forward priority 0;
        ct mark and ${cutBit} == ${cutBit} log group 7 prefix "cut" drop
        ct state established accept
      }\n }`,
    );
    const server = await listenTcp(80);
    assert.equal(await echo(server.client, server.accepted), 'ping');
    assert.equal(await echo(server.accepted, server.client), 'ping');
    const [entry, ...others] = entries().filter(({ protocol }) => protocol === 'tcp');
    assert.ok(entry !== undefined && others.length === 0);
    assert.equal(conntrack.setMark('router', entry, { value: cutBit, mask: cutBit }), true);
    send(server.client, 'lost');
    await eventually(() => logged.some((packet) => sourceOf(packet) === clientAddress));
    send(server.accepted, 'lost');
    await eventually(() => logged.some((packet) => sourceOf(packet) === serverAddress));
    assert.equal(received(server.accepted), undefined);
    assert.equal(received(server.client), undefined);
    conntrack.setMark('router', entry, { value: 0, mask: cutBit });
    assert.equal(await eventually(() => received(server.accepted)), 'lost', 'the mark alone stopped it');
  });

  test('postrouting at 150 sees the source that masquerade chose, and a drop there leaves no entry', async () => {
    network.nft.run(
      'router',
      `table ip t {
        chain nat { type nat hook postrouting priority 100; oifname "server" masquerade; }
        chain before { type filter hook postrouting priority 99; oifname "server" log group 7 prefix "before"; }
        chain after {
          type filter hook postrouting priority 150;
          oifname "server" log group 7 prefix "after"
          oifname "server" udp dport 53 drop
        }
      }`,
    );
    const server = listen('udp', 80);
    send(connect('udp', 53), 'dropped');
    await eventually(() => logged.length === 2);
    assert.deepEqual(entries(), [], 'the dropped packet was not confirmed');
    send(connect('udp', 80), 'passed');
    assert.equal(await eventually(() => received(server)), 'passed');
    await eventually(() => logged.length === 4);
    assert.deepEqual(
      logged.map((packet) => `${packet.prefix} ${sourceOf(packet)}`),
      [
        `before ${clientAddress}`,
        `after ${routerAtServer}`,
        `before ${clientAddress}`,
        `after ${routerAtServer}`,
      ],
    );
    assert.deepEqual(
      entries().map(({ original, reply }) => [original.source, original.destinationPort, reply.destination]),
      [[clientAddress, 80, routerAtServer]],
    );
  });

  /** A connection from the client to the server, both ends of it. */
  async function listenTcp(port: number): Promise<{ client: number; accepted: number }> {
    const listener = listen('tcp', port);
    const client = connect('tcp', port);
    const accepted = await eventually(() => accept(listener));
    return { client, accepted: keep(accepted) };
  }

  async function echo(from: number, to: number): Promise<string> {
    send(from, 'ping');
    return eventually(() => received(to));
  }
});
