import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  clientAddress,
  createTestNetwork,
  eventually,
  serverAddress,
  skipNetwork,
} from '../netfilter/test-network.ts';
import { encodeLogSubscription } from '../../wire/nfnetlink/log.ts';
import { libc, syscall } from '../libc.ts';
import { NETLINK_NETFILTER, SO_RCVBUF, SOL_SOCKET } from '../libc-constants.ts';
import { openNetlink, sendNetlink } from '../libc-netlink.ts';
import { createNetworkNamespaces } from '../netns/real.ts';
import { createPoller } from '../poll/poller.ts';
import { createSockets } from '../sockets/sockets.ts';
import type { LoggedPacket } from './log-port.ts';
import { packetLogCompliance } from './log.compliance.ts';
import { createNftables } from './nftables.ts';
import { createPacketLog } from './packet-log.ts';

/** The discard port of UDP, on loopback: nobody listens, and the rule drops what is sent there. */
const discard = { protocol: 'udp', address: '127.0.0.1', port: 9 } as const;

packetLogCompliance({
  label: "the kernel's packet log",
  skip: skipNetwork,
  make() {
    const poller = createPoller();
    const directory = mkdtempSync(join(tmpdir(), 'weft-log-'));
    const namespaces = createNetworkNamespaces({ directory });
    const nft = createNftables({ namespaces });
    const sockets = createSockets({ namespaces });
    for (const name of ['a', 'b']) namespaces.create(name);
    return {
      log: createPacketLog({ namespaces, poller }),
      send(namespace, mark, text) {
        nft.run(namespace, loggingTable(namespace, mark));
        const fd = sockets.connect(namespace, discard);
        sockets.send(fd, Buffer.from(text));
        sockets.close(fd);
      },
      async cleanUp() {
        await poller.close();
        nft.close();
        for (const name of namespaces.list()) namespaces.delete(name);
        namespaces.close();
        rmSync(directory, { recursive: true });
      },
    };
  },
});

const loggingTable = (namespace: string, mark: number): string => `
table ip t { chain output { type filter hook output priority 0; }
}
flush chain ip t output
add rule ip t output udp dport 9 meta mark set ${mark} log group 7 prefix "rule of ${namespace}" drop
`;

describe('a packet log between machines', { skip: skipNetwork, timeout: 20_000 }, () => {
  test('what a router drops is logged there, cut to the copy range, and never arrives', async () => {
    const poller = createPoller();
    const network = createTestNetwork();
    const log = createPacketLog({ namespaces: network.namespaces, poller });
    try {
      network.nft.run(
        'router',
        'table ip t { chain f { type filter hook forward priority 0; udp dport 7 log group 7 prefix "x" drop; }\n }',
      );
      const packets: LoggedPacket[] = [];
      log.onPacket((packet) => packets.push(packet));
      log.listen('router', 7);
      const fd = network.sockets.connect('client', { protocol: 'udp', address: serverAddress, port: 7 });
      network.sockets.send(fd, Buffer.alloc(500, 'y'));
      const packet = await eventually(() => packets[0]);
      network.sockets.close(fd);
      assert.deepEqual(
        { ...packet, payload: packet.payload.length },
        { namespace: 'router', prefix: 'x', mark: 0, payload: 128 },
      );
      const [source, destination] = [packet.payload.subarray(12, 16), packet.payload.subarray(16, 20)];
      assert.deepEqual([source.join('.'), destination.join('.')], [clientAddress, serverAddress]);
    } finally {
      await log.close();
      await poller.close();
      network.close();
    }
  });

  test('a group has one reader', async () => {
    const poller = createPoller();
    const network = createTestNetwork();
    const [log, other] = [0, 1].map(() => createPacketLog({ namespaces: network.namespaces, poller }));
    assert.ok(log !== undefined && other !== undefined);
    try {
      log.listen('router', 7);
      assert.throws(() => other.listen('router', 7), { code: 'log-taken' });
      other.listen('router', 8);
      log.forget('router');
      other.listen('router', 7);
    } finally {
      await Promise.all([log.close(), other.close()]);
      await poller.close();
      network.close();
    }
  });

  test('packets that found the buffer full are reported as an overrun', async () => {
    const poller = createPoller();
    const network = createTestNetwork();
    const { namespaces, sockets } = network;
    const fd = namespaces.inside(namespaces.open('client'), () => openNetlink(NETLINK_NETFILTER));
    try {
      const size = Buffer.from([0, 16, 0, 0]);
      syscall('setsockopt', () => libc().setsockopt(fd, SOL_SOCKET, SO_RCVBUF, size, size.length));
      sendNetlink(fd, encodeLogSubscription({ group: 7, copyRange: 64, sequence: 1 }));
      network.nft.run('client', loggingTable('client', 0));
      const sender = sockets.connect('client', discard);
      for (let count = 0; count < 100; count++) sockets.send(sender, Buffer.from('x'));
      sockets.close(sender);
      let [messages, overruns] = [0, 0];
      poller.add(fd, { message: () => messages++, overrun: () => overruns++ });
      await eventually(() => overruns > 0 && messages > 0);
      assert.ok(messages < 100);
      poller.remove(fd);
    } finally {
      await poller.close();
      libc().close(fd);
      network.close();
    }
  });
});
