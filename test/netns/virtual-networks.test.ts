/**
 * Virtual networks with packets.
 *
 *     hub   10.0.0.0/16   one: a 10.0.1.4, b 10.0.1.5    two: nva 10.0.2.4 (forwards)    three: c 10.0.3.4
 *     spoke 10.1.0.0/16   one: s 10.1.1.4     peered with hub, uses its gateway
 *     far   10.2.0.0/16   one: f 10.2.1.4     peered with spoke
 *     twin  10.0.0.0/16   one: t 10.0.1.4, u 10.0.1.5     peered with nobody, same addresses as hub
 *     office 192.168.7.0/24, machine 192.168.7.1, behind the gateway of hub
 *     internet 203.0.113.10, and the service store 192.0.2.0/26 on it
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RouteTable } from '../../src/api/types/fabric.ts';
import type { KubernetesObject } from '../../src/api/types/meta.ts';
import { createConntrack } from '../../src/kernel/conntrack/conntrack.ts';
import { createSockets } from '../../src/kernel/sockets/sockets.ts';
import { machineNetns } from '../../src/model/fabric/default-fabric.ts';
import { cannotSendPackets } from '../support/lab.ts';
import {
  createTestNetworks,
  fabricObject,
  machine,
  network,
  type TestNetworks,
} from '../support/networks.ts';
import { eventually } from './flow.ts';

const publicAddress = /^203\.0\.113\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])$/;

const peering = (name: string, hub: string, spoke: string, transit = false): KubernetesObject =>
  fabricObject('VirtualNetworkPeering', name, {
    networks: [hub, spoke],
    allowGatewayTransit: transit,
    useRemoteGateways: transit,
  });

const others: readonly KubernetesObject[] = [
  network('spoke', '10.1.0.0/16', { one: '10.1.1.0/24' }),
  network('far', '10.2.0.0/16', { one: '10.2.1.0/24' }),
  network('twin', '10.0.0.0/16', { one: '10.0.1.0/24' }),
  peering('hub-spoke', 'hub', 'spoke', true),
  peering('spoke-far', 'spoke', 'far'),
  fabricObject('Site', 'office', { prefixes: ['192.168.7.0/24'], gateway: { network: 'hub' } }),
  fabricObject('Internet', 'default', { services: [{ name: 'store', prefixes: ['192.0.2.0/26'] }] }),
  machine('a', 'hub/one'),
  machine('b', 'hub/one'),
  machine('nva', 'hub/two', { enableIPForwarding: true }),
  machine('c', 'hub/three'),
  machine('s', 'spoke/one'),
  machine('f', 'far/one'),
  machine('t', 'twin/one'),
  machine('u', 'twin/one'),
];

type SubnetSettings = Readonly<Record<string, unknown>>;

/** The network whose settings the tests are about. */
const hub = (one: SubnetSettings = {}, two: SubnetSettings = {}): KubernetesObject =>
  fabricObject('VirtualNetwork', 'hub', {
    addressSpace: ['10.0.0.0/16'],
    subnets: [
      { name: 'one', prefix: '10.0.1.0/24', ...one },
      { name: 'two', prefix: '10.0.2.0/24', ...two },
      { name: 'three', prefix: '10.0.3.0/24' },
    ],
  });

const routes = (...all: [prefix: string, type: string, hop?: string][]): KubernetesObject =>
  fabricObject('RouteTable', 'rt', {
    routes: all.map(([prefix, nextHopType, nextHopAddress], index) => ({
      name: `r${index}`,
      prefix,
      nextHopType,
      nextHopAddress,
    })),
  });

describe('virtual networks', { skip: cannotSendPackets }, () => {
  let net: TestNetworks;
  before(async () => {
    net = createTestNetworks();
    await net.apply([hub(), ...others]);
  });
  after(async () => net.close());

  /** What each line `FROM ADDRESS[:PORT]` sees, of TCP port 80 unless it says another. */
  const seen = async (...lines: string[]): Promise<string[]> => {
    return Promise.all(
      lines.map((line) => {
        const [from = '', target = ''] = line.split(' ');
        return net.seen(from, target.includes(':') ? target : `${target}:80`);
      }),
    );
  };

  /** Sources and destinations of what is tracked between the networks. */
  const tracked = (): Set<string> => {
    const conntrack = createConntrack({ namespaces: net.namespaces });
    try {
      const entries = conntrack.list(machineNetns.networks, 'ip');
      return new Set(entries.map(({ original: { source, destination } }) => `${source} ${destination}`));
    } finally {
      conntrack.close();
    }
  };

  describe('that nobody has set anything for', () => {
    before(async () => net.apply([hub(), ...others]));

    test('carry packets between their machines with the addresses they set out with', async () => {
      assert.deepEqual(await seen('vm:a 10.0.1.5', 'vm:a 10.0.3.4', 'vm:c 10.0.1.4', 'vm:a 10.0.1.5:81'), [
        '10.0.1.4',
        '10.0.1.4',
        '10.0.3.4',
        'refused',
      ]);
      assert.equal(await net.seen('vm:a', '10.0.3.4:80', { protocol: 'UDP' }), '10.0.1.4');
    });

    test('end at what no machine has, and at their routers, which answer nothing', async () => {
      assert.deepEqual(await seen('vm:a 10.0.1.99', 'vm:a 10.0.9.1', 'vm:a 10.0.1.1', 'vm:a 10.9.0.1'), [
        'silent',
        'silent',
        'silent',
        'silent',
      ]);
    });

    test('reach their peers and not the peers of those', async () => {
      assert.deepEqual(
        await seen('vm:a 10.1.1.4', 'vm:s 10.0.1.4', 'vm:s 10.2.1.4', 'vm:a 10.2.1.4', 'vm:f 10.0.1.4'),
        ['10.0.1.4', '10.1.1.4', '10.1.1.4', 'silent', 'silent'],
      );
    });

    test('may have the addresses of others that they do not reach', async () => {
      const flows = ['vm:t 10.0.1.5', 'vm:a 10.0.1.5', 'vm:u 10.0.1.4', 'vm:b 10.0.1.4'];
      assert.deepEqual(await seen(...flows), ['10.0.1.4', '10.0.1.4', '10.0.1.5', '10.0.1.5']);
      const [one, other] = await seen('vm:a 203.0.113.10', 'vm:t 203.0.113.10');
      assert.match(one ?? '', publicAddress);
      assert.match(other ?? '', publicAddress);
      assert.notEqual(one, other);
    });

    test('reach on-premises machines by their own gateway or that of a peer that lets them, and are reached', async () => {
      const flows = [
        'vm:a 192.168.7.1',
        'vm:s 192.168.7.1',
        'vm:f 192.168.7.1',
        'site:office 10.0.1.4',
        'site:office 10.1.1.4',
      ];
      assert.deepEqual(await seen(...flows, 'site:office 10.2.1.4', 'site:office 203.0.113.10'), [
        '10.0.1.4',
        '10.1.1.4',
        'silent',
        '192.168.7.1',
        '192.168.7.1',
        'silent',
        'silent',
      ]);
    });

    test('reach the internet from a public address, are not reached from there, and find public services there', async () => {
      for (const source of await seen('vm:a 203.0.113.10', 'vm:s 198.51.100.7', 'vm:a 192.0.2.5')) {
        assert.match(source, publicAddress);
      }
      assert.deepEqual(await seen('internet 10.0.1.4', 'internet 203.0.113.64'), ['unroutable', 'silent']);
    });

    test('are answered from the address that they asked, of however many somebody has', async () => {
      for (const target of ['203.0.113.10:80', '198.51.100.7:80', '192.0.2.5:80', '192.0.2.6:80']) {
        assert.match(await net.seen('vm:a', target, { protocol: 'UDP' }), publicAddress, target);
      }
    });

    test('track connections to the outside alone', async () => {
      await seen('vm:a 10.0.1.5', 'vm:s 10.0.3.4', 'site:office 10.0.1.4', 'vm:b 203.0.113.10');
      assert.ok(tracked().has('10.0.1.5 203.0.113.10'));
      const within = [...tracked()].filter((ends) => !/ (?:203\.0\.113|198\.51\.100|192\.0\.2)\./.test(ends));
      assert.deepEqual(within, []);
    });

    test('take no packet from an address that is not the sender’s', async () => {
      const sent = await net.seen('vm:a', '10.0.1.5:80', { sourceAddress: '10.0.1.77', protocol: 'UDP' });
      assert.notEqual(sent, '10.0.1.77');
    });
  });

  describe('with routes of users', () => {
    const routed = { routeTable: 'rt' };
    const through = async (table: KubernetesObject, ...more: KubernetesObject[]): Promise<void> =>
      net.apply([
        hub(routed),
        table,
        ...others.filter((one) => !more.some((other) => other.metadata.name === one.metadata.name)),
        ...more,
      ]);

    test('lead through an appliance, whose machine may end them, and only where its interface forwards', async () => {
      await through(routes(['10.0.3.0/24', 'VirtualAppliance', '10.0.2.4']));
      assert.deepEqual(await seen('vm:a 10.0.3.4', 'vm:c 10.0.1.4'), ['10.0.1.4', '10.0.3.4']);
      // The way back does not pass the appliance: what it lets through is the way there.
      net.nft.run('vm-nva', 'table ip t { chain c { type filter hook forward priority 0; policy drop; }; }');
      assert.deepEqual(await seen('vm:a 10.0.3.4', 'vm:c 10.0.3.4'), ['silent', '10.0.3.4']);
      net.nft.run('vm-nva', 'delete table ip t');
      await through(routes(['10.0.3.0/24', 'VirtualAppliance', '10.0.2.4']), machine('nva', 'hub/two'));
      const heard = { family: 'ip', table: 't', set: 'heard' } as const;
      const type = { key: ['ipv4_addr'] } as const;
      net.nft.run(
        'vm-nva',
        `table ip t {
          set heard { type ipv4_addr; flags dynamic; size 16; }
          chain c { type filter hook prerouting priority 0; iifname "eth0" add @heard { ip daddr }; }
        }`,
      );
      assert.deepEqual(await seen('vm:a 10.0.3.4', 'vm:a 10.0.2.4'), ['silent', '10.0.1.4']);
      // Whatever the machine would do with it: the network hands over what is for it alone.
      assert.deepEqual(net.nft.elements('vm-nva', heard, type), [{ key: ['10.0.2.4'] }]);
      net.nft.run('vm-nva', 'delete table ip t');
    });

    test('end what they send to nobody, and what they send to an address that no interface has', async () => {
      await through(routes(['10.1.0.0/16', 'None'], ['10.0.3.0/24', 'VirtualAppliance', '10.0.2.99']));
      assert.deepEqual(await seen('vm:a 10.1.1.4', 'vm:a 10.0.3.4', 'vm:c 10.1.1.4'), [
        'silent',
        'silent',
        '10.0.3.4',
      ]);
    });

    test('bring a part of the internet past an appliance; it has nobody with a private address', async () => {
      const nobody = '10.0.2.99';
      await through(
        routes(
          ['0.0.0.0/0', 'VirtualAppliance', nobody],
          ['203.0.113.0/24', 'Internet'],
          ['10.9.0.0/16', 'Internet'],
        ),
      );
      assert.deepEqual(await seen('vm:a 198.51.100.7', 'vm:a 10.9.0.1'), ['silent', 'silent']);
      assert.match((await seen('vm:a 203.0.113.10'))[0] ?? '', publicAddress);
    });

    test('bring the network to a part of what leads elsewhere, and to none but its own addresses', async () => {
      await through(
        routes(
          ['10.0.0.0/16', 'VirtualAppliance', '10.0.2.99'],
          ['10.0.3.0/24', 'VNetLocal'],
          ['8.8.0.0/16', 'VNetLocal'],
        ),
      );
      assert.deepEqual(await seen('vm:a 10.0.2.4', 'vm:a 10.0.3.4', 'vm:a 8.8.8.8'), [
        'silent',
        '10.0.1.4',
        'silent',
      ]);
    });

    test('lead on premises by a VPN where a table hides what its gateway tells, and never by an ExpressRoute', async () => {
      const hiding = (...all: Parameters<typeof routes>): KubernetesObject => {
        const table = routes(...all) as RouteTable;
        return fabricObject('RouteTable', 'rt', { ...table.spec, disableBgpRoutePropagation: true });
      };
      await through(hiding());
      assert.deepEqual(await seen('vm:a 192.168.7.1', 'vm:c 192.168.7.1'), ['silent', '10.0.3.4']);
      const byGateway = hiding(['192.168.0.0/16', 'VirtualNetworkGateway']);
      await through(byGateway);
      assert.deepEqual(await seen('vm:a 192.168.7.1'), ['10.0.1.4']);
      const prefixes = ['192.168.7.0/24'];
      await through(
        byGateway,
        fabricObject('Site', 'office', { prefixes, gateway: { network: 'hub' }, type: 'expressRoute' }),
      );
      assert.deepEqual(await seen('vm:a 192.168.7.1', 'vm:c 192.168.7.1'), ['silent', '10.0.3.4']);
    });

    test('of a site that knows its gateway’s own network alone do not lead back to a peer of that', async () => {
      const gateway = { network: 'hub' };
      const site = fabricObject('Site', 'office', {
        prefixes: ['192.168.7.0/24'],
        gateway,
        routing: 'static',
      });
      await through(routes(), site);
      const flows = ['vm:a 192.168.7.1', 'site:office 10.0.1.4', 'vm:s 192.168.7.1', 'site:office 10.1.1.4'];
      assert.deepEqual(await seen(...flows), ['10.0.1.4', '192.168.7.1', 'silent', 'silent']);
    });

    test('that lead in a circle end when a packet has gone round often enough', async () => {
      const nvaRoutes = fabricObject('RouteTable', 'back', {
        routes: [
          { name: 'r', prefix: '10.0.3.0/24', nextHopType: 'VirtualAppliance', nextHopAddress: '10.0.2.4' },
        ],
      });
      await net.apply([
        hub(routed, { routeTable: 'back' }),
        routes(['10.0.3.0/24', 'VirtualAppliance', '10.0.2.4']),
        nvaRoutes,
        ...others,
      ]);
      assert.match((await seen('vm:a 10.0.3.4'))[0] ?? '', /^(?:rejected|silent|unroutable)$/);
      assert.deepEqual(
        await seen('vm:a 10.0.1.5', 'vm:s 10.0.1.4'),
        ['10.0.1.4', '10.1.1.4'],
        'others are unaffected',
      );
    });
  });

  describe('whose shares of a public address are small', () => {
    test('lose the connections that they have no port for, and nobody else’s', async () => {
      const small = fabricObject('VirtualNetwork', 'hub', {
        addressSpace: ['10.0.0.0/16'],
        subnets: ['one', 'two', 'three'].map((name, index) => ({ name, prefix: `10.0.${index + 1}.0/24` })),
        outbound: { portsPerInterface: 8 },
      });
      await net.apply([small, ...others]);
      const flows = Array.from({ length: 12 }, () => 'vm:a 203.0.113.10');
      const results = await seen(...flows);
      assert.equal(results.filter((source) => publicAddress.test(source)).length, 8);
      assert.match((await seen('vm:b 203.0.113.10'))[0] ?? '', publicAddress);
      // To another destination the same ports can be used again.
      assert.match((await seen('vm:a 198.51.100.7'))[0] ?? '', publicAddress);
    });
  });

  describe('with service endpoints', () => {
    test('show a private address to the service, whatever the way to the internet', async () => {
      const all = routes(['0.0.0.0/0', 'VirtualAppliance', '10.0.2.99']);
      await net.apply([hub({ serviceEndpoints: ['store'], routeTable: 'rt' }), all, ...others]);
      assert.deepEqual(await seen('vm:a 192.0.2.5', 'vm:a 203.0.113.10', 'site:office 192.0.2.5'), [
        '10.0.1.4',
        'silent',
        'silent',
      ]);
      assert.match((await seen('vm:c 192.0.2.5'))[0] ?? '', publicAddress);
      assert.equal(await net.seen('vm:a', '192.0.2.6:80', { protocol: 'UDP' }), '10.0.1.4');
    });

    test('answer machines with the same address in networks that do not meet, also when they use the same port', async () => {
      const twin = fabricObject('VirtualNetwork', 'twin', {
        addressSpace: ['10.0.0.0/16'],
        subnets: [{ name: 'one', prefix: '10.0.1.0/24', serviceEndpoints: ['store'] }],
      });
      await net.apply([
        hub({ serviceEndpoints: ['store'] }),
        ...others.filter(({ metadata }) => metadata.name !== 'twin'),
        twin,
      ]);
      assert.deepEqual(await seen('vm:a 192.0.2.5', 'vm:t 192.0.2.5'), ['10.0.1.4', '10.0.1.4']);
      const sockets = createSockets({ namespaces: net.namespaces });
      const to = { protocol: 'tcp', address: '192.0.2.5', port: 80, sourcePort: 5000 } as const;
      const fds = ['vm-a', 'vm-t'].map((netns) => sockets.connect(netns, to));
      try {
        for (const fd of fds) {
          await eventually('connected', () => sockets.send(fd, Buffer.from('hello')).kind === 'sent');
        }
      } finally {
        for (const fd of fds) sockets.close(fd, { reset: true });
      }
    });
  });

  describe('with security groups', () => {
    const rule = (name: string, priority: number, more: object): object => ({
      name,
      priority,
      direction: 'Inbound',
      access: 'Deny',
      ...more,
    });
    const group = (name: string, ...rules: object[]): KubernetesObject =>
      fabricObject('NetworkSecurityGroup', name, { rules });
    const guarded = (where: SubnetSettings, ...groups: KubernetesObject[]): Promise<void> =>
      net.apply([hub(where), ...groups, ...others]);

    test('that say nothing let the virtual network in, and not the internet’s own flows', async () => {
      await guarded({ networkSecurityGroup: 'g' }, group('g'));
      const flows = ['vm:c 10.0.1.4', 'vm:s 10.0.1.4', 'site:office 10.0.1.4', 'vm:a 10.0.1.5'];
      assert.deepEqual(await seen(...flows), ['10.0.3.4', '10.1.1.4', '192.168.7.1', '10.0.1.4']);
      assert.match((await seen('vm:a 203.0.113.10'))[0] ?? '', publicAddress);
    });

    test('track what could reach those whom they judge, and no other networks', async () => {
      await guarded({ networkSecurityGroup: 'g' }, group('g'));
      await seen('vm:c 10.0.2.4', 'vm:s 10.0.3.4', 'vm:u 10.0.1.4');
      assert.ok(tracked().isSupersetOf(new Set(['10.0.3.4 10.0.2.4', '10.1.1.4 10.0.3.4'])));
      assert.ok(!tracked().has('10.0.1.5 10.0.1.4'));
    });

    test('judge by the lowest priority that matches, also within one subnet, and let answers through', async () => {
      const allow = rule('from-c', 100, {
        access: 'Allow',
        sources: ['10.0.3.4'],
        protocol: 'Tcp',
        destinationPorts: ['80'],
      });
      await guarded({ networkSecurityGroup: 'g' }, group('g', rule('nobody', 200, {}), allow));
      assert.deepEqual(await seen('vm:c 10.0.1.4', 'vm:c 10.0.1.4:81', 'vm:b 10.0.1.4', 'vm:a 10.0.3.4'), [
        '10.0.3.4',
        'silent',
        'silent',
        '10.0.1.4',
      ]);
      assert.equal(await net.seen('vm:c', '10.0.1.4:80', { protocol: 'UDP' }), 'silent');
    });

    test('that change leave the connections that are there, and judge the next', async () => {
      await guarded({ networkSecurityGroup: 'g' }, group('g'));
      const sockets = createSockets({ namespaces: net.namespaces });
      const fd = sockets.connect('vm-c', { protocol: 'tcp', address: '10.0.1.4', port: 80 });
      const isAnswered = async (): Promise<void> => {
        await eventually('asked', () => sockets.send(fd, Buffer.from('who\n')).kind === 'sent');
        await eventually('answered', () => sockets.receive(fd).kind === 'data');
      };
      try {
        await isAnswered();
        await guarded({ networkSecurityGroup: 'g' }, group('g', rule('nobody', 100, {})));
        assert.deepEqual(await seen('vm:c 10.0.1.4'), ['silent']);
        await isAnswered();
      } finally {
        sockets.close(fd, { reset: true });
      }
    });

    test('of a subnet and of an interface must both allow, in both directions', async () => {
      const out = rule('out', 100, { direction: 'Outbound', destinations: ['10.1.0.0/16'] });
      const noInternet = rule('no-internet', 100, { direction: 'Outbound', destinations: ['Internet'] });
      const onInterface = machine('a', 'hub/one', { networkSecurityGroup: 'own' });
      await net.apply([
        hub({ networkSecurityGroup: 'g' }),
        group('g', out),
        group('own', noInternet, rule('in', 110, { sources: ['10.0.3.0/24'] })),
        ...others.filter(({ metadata }) => metadata.name !== 'a'),
        onInterface,
      ]);
      assert.deepEqual(
        await seen('vm:a 10.1.1.4', 'vm:a 203.0.113.10', 'vm:c 10.0.1.4', 'vm:s 10.0.1.4', 'vm:c 10.0.1.5'),
        ['silent', 'silent', 'silent', '10.1.1.4', '10.0.3.4'],
      );
      assert.match((await seen('vm:b 203.0.113.10'))[0] ?? '', publicAddress);
    });
  });
});
