import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { WeftError } from '../../lib/errors.ts';
import { createFakeSockets } from './fake.ts';
import { createLineNetwork, line, type LineNetwork } from './line-network.ts';
import type { ConnectOptions, IcmpError } from './port.ts';
import { socketsCompliance } from './sockets.compliance.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

socketsCompliance({
  label: 'sockets of the kernel',
  skip,
  make() {
    const network = createLineNetwork();
    network.route.apply('client', [
      { action: 'delete-route', route: { destination: '0.0.0.0/0', link: 'eth0', via: line.router } },
      { action: 'add-route', route: { destination: '10.0.2.0/24', link: 'eth0', via: line.router } },
    ]);
    return {
      sockets: network.sockets,
      client: 'client',
      server: 'server',
      address: line.server,
      nowhere: line.elsewhere,
      close: () => network.close(),
    };
  },
});

socketsCompliance({
  label: 'fake sockets',
  make: () => ({
    sockets: createFakeSockets({ addresses: { client: ['10.0.0.1'], server: ['10.0.0.2'] } }),
    client: 'client',
    server: 'server',
    address: '10.0.0.2',
    nowhere: '10.0.0.3',
    close() {},
  }),
});

describe('ICMP errors on the way', { skip }, () => {
  let network: LineNetwork;

  before(() => {
    network = createLineNetwork();
    network.nft.run(
      'router',
      `table inet test {
        chain forward {
          type filter hook forward priority 0;
          tcp dport 81 reject
          udp dport 81 reject with icmpx admin-prohibited
        }
      }`,
    );
  });
  after(() => network.close());

  async function errorOf(options: ConnectOptions): Promise<IcmpError | undefined> {
    const { sockets } = network;
    const fd = sockets.connect('client', options);
    try {
      for (let tries = 0; tries < 500; tries++) {
        if (tries === 0 || options.protocol === 'tcp') sockets.send(fd, Buffer.from('?'));
        const error = sockets.icmpError(fd);
        if (error !== undefined) return error;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      return undefined;
    } finally {
      sockets.close(fd);
    }
  }

  test('a router that rejects is named, for either protocol', async () => {
    assert.deepEqual(await errorOf({ protocol: 'tcp', address: line.server, port: 81 }), {
      offender: line.router,
      type: 3,
      code: 3,
      errno: 'ECONNREFUSED',
    });
    assert.deepEqual(await errorOf({ protocol: 'udp', address: line.server, port: 81 }), {
      offender: line.router,
      type: 3,
      code: 13,
      errno: 'EHOSTUNREACH',
    });
  });

  test('a router without a route is named', async () => {
    assert.deepEqual(await errorOf({ protocol: 'tcp', address: line.elsewhere, port: 80 }), {
      offender: line.router,
      type: 3,
      code: 0,
      errno: 'ENETUNREACH',
    });
  });

  test('IPv6 errors are read as well', async () => {
    assert.deepEqual(await errorOf({ protocol: 'udp', address: line.server6, port: 54 }), {
      offender: line.server6,
      type: 1,
      code: 4,
      errno: 'ECONNREFUSED',
    });
    assert.deepEqual(await errorOf({ protocol: 'tcp', address: line.server6, port: 81 }), {
      offender: line.router6,
      type: 1,
      code: 4,
      errno: 'ECONNREFUSED',
    });
  });

  test('a route that forbids is no route', () => {
    network.route.apply('client', [
      { action: 'add-route', route: { destination: '10.7.0.0/16', link: 'lo', type: 'blackhole' } },
      { action: 'add-route', route: { destination: '10.8.0.0/16', link: 'lo', type: 'unreachable' } },
    ]);
    for (const address of ['10.7.0.1', '10.8.0.1']) {
      assert.throws(
        () => network.sockets.connect('client', { protocol: 'tcp', address, port: 80 }),
        (thrown) => thrown instanceof WeftError && thrown.code === 'socket-unreachable',
      );
    }
  });

  test('a packet can be sent from an address of somebody else', async () => {
    const { nft, sockets } = network;
    const type = { key: ['ipv4_addr', 'inet_service'] } as const;
    nft.run(
      'router',
      `table ip seen {
        set senders { type ipv4_addr . inet_service; flags dynamic; size 16; }
        chain forward { type filter hook forward priority 1; udp dport 53 add @senders { ip saddr . udp sport }; }
      }`,
    );
    const source = { sourceAddress: '203.0.113.7', sourcePort: 4711 };
    const fd = sockets.connect('client', { protocol: 'udp', address: line.server, port: 53, ...source });
    assert.deepEqual(sockets.send(fd, Buffer.from('?')), { kind: 'sent' });
    sockets.close(fd);
    const seen = nft.elements('router', { family: 'ip', table: 'seen', set: 'senders' }, type);
    assert.deepEqual(
      seen.map(({ key }) => key),
      [['203.0.113.7', 4711]],
    );
  });
});

describe('listening on both families', { skip }, () => {
  test('IPv4 and IPv6 listeners share a port, and each takes its own family', () => {
    const network = createLineNetwork();
    try {
      const { sockets } = network;
      sockets.listen('server', { protocol: 'tcp', port: 80 });
      sockets.listen('server', { protocol: 'tcp', port: 80, family: 'IPv6' });
      sockets.listen('server', { protocol: 'udp', port: 53, address: line.server6 });
    } finally {
      network.close();
    }
  });
});
