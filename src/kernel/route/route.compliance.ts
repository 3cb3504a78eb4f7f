import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { NetworkNamespaces } from '../netns/port.ts';
import type { Link, NamespaceState, Route, RouteNetlink, RouteOperation } from './port.ts';

/*
 * Address plan: namespaces `node` and `pod`, joined by a veth n0 (02:..:01) - eth0 (02:..:02).
 * 172.20.1.0/16 and fd00:1::/64 on n0; everything else is reached through it.
 */
const nodeMac = '02:00:00:00:00:01';
const podMac = '02:00:00:00:00:02';
const otherMac = '02:00:00:00:00:03';

const veth = {
  kind: 'veth',
  name: 'n0',
  mac: nodeMac,
  mtu: 1450,
  peer: { name: 'eth0', namespace: 'pod', mac: podMac, mtu: 1400 },
} as const satisfies Link;

export interface RouteNetlinkCase {
  readonly label: string;
  /** False, or the reason. */
  readonly skip: string | false;
  readonly make: () => { readonly namespaces: NetworkNamespaces; readonly route: RouteNetlink };
  readonly cleanUp: () => void;
}

/** What every implementation of `RouteNetlink` does. */
export function routeNetlinkCompliance({ label, skip, make, cleanUp }: RouteNetlinkCase): void {
  describe(label, { skip }, () => {
    let namespaces: NetworkNamespaces;
    let route: RouteNetlink;

    beforeEach(() => {
      ({ namespaces, route } = make());
      namespaces.create('node');
      namespaces.create('pod');
    });

    afterEach(() => {
      route.close();
      for (const name of namespaces.list()) namespaces.delete(name);
      namespaces.close();
      cleanUp();
    });

    /** Applies to `node`; nothing may be refused. */
    const apply = (...operations: RouteOperation[]) => assert.deepEqual(route.apply('node', operations), []);
    const refusals = (...operations: RouteOperation[]) =>
      route.apply('node', operations).map(({ code }) => code);
    const dump = (namespace = 'node'): NamespaceState => route.dump(namespace);

    const addLink = (link: Link): RouteOperation => ({ action: 'add-link', link });
    const addAddress = (address: string, link = 'n0'): RouteOperation => ({
      action: 'add-address',
      address: { link, address },
    });
    const addRoute = (value: Route): RouteOperation => ({ action: 'add-route', route: value });
    const routes = () => dump().routes.toSorted((a, b) => (a.destination < b.destination ? -1 : 1));

    test('a new namespace holds nothing', () => {
      assert.deepEqual(dump(), { links: new Map(), addresses: [], routes: [], neighbours: [], fdb: [] });
    });

    test('a veth has its attributes at both ends, each in its namespace', () => {
      apply(addLink(veth));
      assert.deepEqual(
        dump().links,
        new Map([['n0', { kind: 'veth-peer', name: 'n0', mac: nodeMac, mtu: 1450 }]]),
      );
      const peer = { kind: 'veth-peer', name: 'eth0', mac: podMac, mtu: 1400 };
      assert.deepEqual(dump('pod').links, new Map([['eth0', peer]]));
    });

    test('a link without attributes gets a mac and an mtu', () => {
      apply(addLink({ kind: 'veth', name: 'n0', peer: { name: 'eth0', namespace: 'pod' } }));
      const link = dump('pod').links.get('eth0');
      assert.match(link?.mac ?? '', /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
      assert.equal(link?.mtu, 1500);
    });

    test('a name that is taken at either end is EEXIST, and what is there stays', () => {
      apply(addLink(veth));
      assert.deepEqual(refusals(addLink({ ...veth, mac: otherMac, peer: { ...veth.peer, name: 'eth1' } })), [
        'EEXIST',
      ]);
      assert.deepEqual(refusals(addLink({ ...veth, name: 'n1' })), ['EEXIST']);
      assert.deepEqual(refusals(addLink({ kind: 'bridge', name: 'n0' })), ['EEXIST']);
      assert.equal(dump().links.get('n0')?.mac, nodeMac);
      assert.equal(dump().links.size, 1);
    });

    test('deleting one end removes the other and all that was on them; deleting again does nothing', () => {
      apply(addLink(veth), addAddress('172.20.1.1/16'), addRoute({ destination: '10.1.0.0/16', link: 'n0' }));
      apply({ action: 'add-neighbour', neighbour: { link: 'n0', address: '172.20.1.2', mac: podMac } });
      assert.deepEqual(route.apply('pod', [{ action: 'delete-link', name: 'eth0' }]), []);
      assert.deepEqual(dump(), { links: new Map(), addresses: [], routes: [], neighbours: [], fdb: [] });
      apply({ action: 'delete-link', name: 'n0' }, { action: 'delete-link', name: 'never' });
    });

    test('set-link changes mac and mtu, and enslaves to and frees from a bridge', () => {
      const bridge = { kind: 'bridge', name: 'br0', mac: otherMac } as const;
      apply(addLink(bridge), addLink({ ...veth, master: 'br0' }));
      assert.equal(dump().links.get('n0')?.master, 'br0');
      const changed = { ...veth, mac: '02:00:00:00:00:09', mtu: 1300 };
      apply({ action: 'set-link', link: changed });
      const expected = { kind: 'veth-peer', name: 'n0', mac: '02:00:00:00:00:09', mtu: 1300 };
      assert.deepEqual(dump().links.get('n0'), expected);
      apply({ action: 'set-link', link: { kind: 'veth-peer', name: 'n0', master: 'br0' } });
      assert.deepEqual(dump().links.get('n0'), { ...expected, master: 'br0' });
      apply({ action: 'delete-link', name: 'br0' });
      assert.deepEqual(dump().links.get('n0'), expected);
      assert.deepEqual(refusals({ action: 'set-link', link: { kind: 'bridge', name: 'br9' } }), ['ENODEV']);
    });

    test('a VXLAN device and its forwarding entries come back as they were made', () => {
      const vxlan = {
        kind: 'vxlan',
        name: 'vx0',
        mac: otherMac,
        mtu: 1400,
        vni: 4096,
        port: 4789,
        local: '172.20.1.1',
        device: 'n0',
      } as const;
      apply(addLink(veth), addAddress('172.20.1.1/16'), addLink(vxlan));
      assert.deepEqual(dump().links.get('vx0'), vxlan);
      const entry = (mac: string, address: string) => ({ link: 'vx0', mac, address });
      const zero = '00:00:00:00:00:00';
      for (const [mac, address] of [
        [podMac, '172.20.1.2'],
        [podMac, '172.20.1.3'],
        [zero, '172.20.1.4'],
        [zero, '172.20.1.5'],
        [zero, '172.20.1.5'],
      ] as const) {
        apply({ action: 'add-fdb', entry: entry(mac, address) });
      }
      const addresses = () =>
        dump()
          .fdb.map(({ mac, address }) => `${mac} ${address}`)
          .sort();
      assert.deepEqual(addresses(), [`${zero} 172.20.1.4`, `${zero} 172.20.1.5`, `${podMac} 172.20.1.3`]);
      apply({ action: 'delete-fdb', entry: entry(zero, '172.20.1.4') });
      apply({ action: 'delete-fdb', entry: entry(otherMac, '172.20.1.4') });
      assert.deepEqual(addresses(), [`${zero} 172.20.1.5`, `${podMac} 172.20.1.3`]);
      assert.deepEqual(refusals(addLink({ ...vxlan, name: 'vx1' })), ['EEXIST']);
    });

    test('addresses of both families are added, repeated, and deleted', () => {
      apply(addLink(veth), addAddress('172.20.1.1/16'), addAddress('fd00:1::1/64'));
      apply(addAddress('172.20.1.1/16'), addAddress('fd00:1::1/64'), addAddress('10.9.9.9/32', 'lo'));
      const addresses = () =>
        dump()
          .addresses.map(({ link, address }) => `${link} ${address}`)
          .sort();
      assert.deepEqual(addresses(), ['lo 10.9.9.9/32', 'n0 172.20.1.1/16', 'n0 fd00:1::1/64']);
      apply({ action: 'delete-address', address: { link: 'n0', address: 'fd00:1::1/64' } });
      apply({ action: 'delete-address', address: { link: 'n0', address: 'fd00:1::1/64' } });
      apply({ action: 'delete-address', address: { link: 'none', address: 'fd00:1::1/64' } });
      assert.deepEqual(addresses(), ['lo 10.9.9.9/32', 'n0 172.20.1.1/16']);
    });

    test('routes of every kind come back as they were made', () => {
      const made: Route[] = [
        { destination: '0.0.0.0/0', link: 'n0', via: '172.20.0.1' },
        { destination: '10.1.0.0/16', link: 'n0', source: '172.20.1.1' },
        { destination: '10.2.0.0/16', link: 'n0', via: '192.0.2.1', onlink: true, metric: 50 },
        { destination: '10.3.0.0/16', link: 'lo', type: 'blackhole' },
        { destination: '10.4.0.0/16', link: 'lo', type: 'unreachable' },
        { destination: '10.5.0.0/16', link: 'lo', type: 'local' },
        { destination: '::/0', link: 'n0', via: 'fd00:1::ff' },
        { destination: 'fd00:2::/64', link: 'n0', metric: 7 },
        { destination: 'fd00:3::/64', link: 'lo', type: 'blackhole' },
        { destination: 'fd00:4::/64', link: 'lo', type: 'unreachable' },
        { destination: 'fd00:5::/64', link: 'lo', type: 'local' },
        { destination: 'fd00:6::/64', link: 'n0', via: 'fe80::1', source: 'fd00:1::1' },
      ];
      apply(addLink(veth), addAddress('172.20.1.1/16'), addAddress('fd00:1::1/64'), ...made.map(addRoute));
      assert.deepEqual(routes(), made);
      apply(...made.map((value): RouteOperation => ({ action: 'delete-route', route: value })));
      assert.deepEqual(routes(), []);
    });

    test('routes are in the tables they were put in, and rules lead there', () => {
      const made: Route[] = [
        { destination: '0.0.0.0/0', link: 'n0', via: '192.0.2.1', onlink: true, table: 70_001 },
        { destination: '10.1.0.0/16', link: 'lo', type: 'throw', table: 70_001 },
        { destination: '10.1.0.0/16', link: 'n0', table: 200 },
        { destination: '10.1.0.0/16', link: 'n0' },
      ];
      const rules = [
        { family: 'IPv4', priority: 100, mark: 7, table: 70_001 },
        { family: 'IPv4', priority: 200, mark: 7, mask: 0xffff, table: 200 },
      ] as const;
      apply(addLink(veth), addAddress('172.20.1.1/16'), ...made.map(addRoute));
      apply(...[...rules, ...rules].map((rule) => ({ action: 'add-rule', rule }) as const));
      const byTable = (all: readonly Route[]) =>
        all.map((one) => `${one.table ?? 'main'} ${one.destination} ${one.type ?? one.via ?? ''}`).sort();
      assert.deepEqual(byTable(routes()), byTable(made));
      assert.deepEqual(dump().rules, rules);
      apply(addRoute({ destination: '10.1.0.0/16', link: 'lo', type: 'blackhole', table: 200 }));
      assert.equal(routes().length, made.length);
      const gone = { action: 'delete-rule', rule: rules[0] } as const;
      apply(gone, gone, { action: 'delete-rule', rule: rules[1] });
      assert.equal(dump().rules, undefined);
    });

    test('a route replaces the one with the same destination and metric, and no other', () => {
      apply(addLink(veth), addAddress('172.20.1.1/16'), addAddress('fd00:1::1/64'));
      for (const [destination, hops] of [
        ['10.1.0.0/16', ['172.20.0.1', '172.20.0.2', '172.20.0.3']],
        ['fd00:2::/64', ['fd00:1::a', 'fd00:1::b', 'fd00:1::c']],
      ] as const) {
        const [first, second, third] = hops;
        const old = { destination, link: 'n0', via: first };
        apply(addRoute(old), addRoute({ ...old, via: second }), addRoute({ ...old, via: third, metric: 9 }));
        const expected = [
          { ...old, via: second },
          { ...old, via: third, metric: 9 },
        ];
        const found = routes().filter((value) => value.destination === destination);
        assert.deepEqual(
          found.sort((a, b) => (a.metric ?? 0) - (b.metric ?? 0)),
          expected,
        );
        // The first one is gone already: its deletion must not take its successor along.
        apply({ action: 'delete-route', route: old });
        assert.equal(routes().filter((value) => value.destination === destination).length, 2);
      }
    });

    test('deleting a route leaves the one that took its place, with a next hop or without one, or leading nowhere', () => {
      apply(addLink(veth), addAddress('172.20.1.1/16'), addAddress('fd00:1::1/64'));
      for (const [destination, via] of [
        ['10.1.0.0/16', '172.20.0.1'],
        ['fd00:2::/64', 'fd00:1::a'],
      ] as const) {
        for (const table of [undefined, 200]) {
          const key = { destination, metric: 5, ...(table !== undefined && { table }) };
          const all: Route[] = [
            { ...key, link: 'n0' },
            { ...key, link: 'n0', via },
            { ...key, link: 'lo', type: 'throw' },
          ];
          for (const there of all) {
            apply(addRoute(there));
            for (const other of all) if (other !== there) apply({ action: 'delete-route', route: other });
            assert.deepEqual(routes(), [there]);
            apply({ action: 'delete-route', route: there });
            assert.deepEqual(routes(), []);
          }
        }
      }
    });

    test('a next hop that is not on the link is refused unless onlink says that it is', () => {
      apply(addLink(veth), addAddress('172.20.1.1/16'));
      const far = { destination: '10.1.0.0/16', link: 'n0', via: '192.0.2.1' };
      assert.deepEqual(refusals(addRoute(far)), ['ENETUNREACH']);
      apply(addRoute({ ...far, onlink: true }));
      // A link-local route to the next hop makes it reachable as well: how a pod reaches 169.254.1.1.
      apply(addRoute({ destination: '169.254.1.1/32', link: 'n0' }));
      apply(addRoute({ destination: '10.2.0.0/16', link: 'n0', via: '169.254.1.1' }));
      assert.deepEqual(refusals(addRoute({ destination: '10.3.0.0/16', link: 'n0', source: '192.0.2.9' })), [
        'EINVAL',
      ]);
    });

    test('a permanent neighbour replaces the one with its address', () => {
      apply(addLink(veth));
      for (const address of ['169.254.1.1', 'fe80::1']) {
        const neighbour = { link: 'n0', address, mac: podMac };
        apply({ action: 'add-neighbour', neighbour: { ...neighbour, mac: otherMac } });
        apply({ action: 'add-neighbour', neighbour });
        assert.deepEqual(dump().neighbours, [neighbour]);
        apply({ action: 'delete-neighbour', neighbour }, { action: 'delete-neighbour', neighbour });
        assert.deepEqual(dump().neighbours, []);
      }
    });

    test('the last IPv4 address of a link takes its IPv4 routes and neighbours along', () => {
      const neighbour = { link: 'n0', address: '10.9.0.1', mac: podMac };
      const kept = { destination: 'fd00:2::/64', link: 'n0' };
      apply(addLink(veth), addAddress('172.20.1.1/16'), addAddress('172.21.1.1/16'));
      apply(addRoute({ destination: '10.1.0.0/16', link: 'n0' }), addRoute(kept));
      apply({ action: 'add-neighbour', neighbour });
      apply({ action: 'delete-address', address: { link: 'n0', address: '172.21.1.1/16' } });
      assert.equal(routes().length, 2);
      assert.equal(dump().neighbours.length, 1);
      apply({ action: 'delete-address', address: { link: 'n0', address: '172.20.1.1/16' } });
      assert.deepEqual(routes(), [kept]);
      assert.deepEqual(dump().neighbours, []);
    });

    test('neighbours stay when a link keeps its mac, and go when it changes', () => {
      const neighbour = { link: 'n0', address: '169.254.1.1', mac: podMac };
      apply(addLink(veth), { action: 'add-neighbour', neighbour }, { action: 'set-link', link: veth });
      assert.deepEqual(dump().neighbours, [neighbour]);
      apply({ action: 'set-link', link: { ...veth, mac: otherMac } });
      assert.deepEqual(dump().neighbours, []);
    });

    test('operations after refused ones are tried, and failures come in their order', () => {
      const bad = [
        addAddress('10.0.0.1/24', 'none'),
        addLink(veth),
        addRoute({ destination: '10.1.0.0/16', link: 'none' }),
      ];
      const operations = [addLink(veth), ...bad, addAddress('172.20.1.1/16')];
      const failures = route.apply('node', operations);
      assert.deepEqual(
        failures.map(({ operation, code, errno }) => ({ operation, code, errno })),
        [
          { operation: bad[0], code: 'ENODEV', errno: 19 },
          { operation: bad[1], code: 'EEXIST', errno: 17 },
          { operation: bad[2], code: 'ENODEV', errno: 19 },
        ],
      );
      assert.ok(failures.every(({ message }) => message !== ''));
      assert.deepEqual(dump().addresses, [{ link: 'n0', address: '172.20.1.1/16' }]);
    });

    test('texts that mean nothing are EINVAL and reach nobody', () => {
      apply(addLink(veth));
      const bad: RouteOperation[] = [
        addLink({ kind: 'bridge', name: 'sixteen-letters-' }),
        addLink({ kind: 'bridge', name: 'a/b' }),
        addLink({ kind: 'bridge', name: 'br%d' }),
        addLink({ kind: 'bridge', name: '' }),
        addLink({ kind: 'bridge', name: 'br0', mac: '02:00' }),
        addAddress('172.20.1.1'),
        addAddress('172.20.1.1/33'),
        addRoute({ destination: '10.0.0.0', link: 'n0' }),
        addRoute({ destination: '10.0.0.0/8', link: 'n0', via: 'gateway' }),
        addRoute({ destination: '10.0.0.0/8', link: 'n0', metric: -1 }),
        { action: 'add-neighbour', neighbour: { link: 'n0', address: '10.0.0.1', mac: 'x' } },
      ];
      assert.deepEqual(
        refusals(...bad),
        bad.map(() => 'EINVAL'),
      );
      assert.equal(dump().links.size, 1);
    });

    test('a veth into a namespace that does not exist is ENOENT', () => {
      assert.deepEqual(refusals(addLink({ ...veth, peer: { ...veth.peer, namespace: 'gone' } })), ['ENOENT']);
      assert.equal(dump().links.size, 0);
    });

    test('a link can be made, deleted and made again between the operations that use it', () => {
      const address = addAddress('172.20.1.1/16');
      apply(addLink(veth), address, { action: 'delete-link', name: 'n0' }, addLink(veth), address);
      assert.deepEqual(dump().addresses, [{ link: 'n0', address: '172.20.1.1/16' }]);
      assert.deepEqual(refusals(addAddress('10.0.0.1/8', 'later')), ['ENODEV']);
      apply(addLink({ kind: 'bridge', name: 'later' }), addAddress('10.0.0.1/8', 'later'));
    });

    test('many operations need no more care than few', () => {
      const count = 700;
      const made = Array.from({ length: count }, (_, i): Route => ({
        destination: `10.${100 + (i >> 8)}.${i & 255}.0/24`,
        link: 'n0',
      }));
      apply(addLink(veth), ...made.map(addRoute));
      assert.deepEqual(new Set(dump().routes.map(({ destination }) => destination)).size, count);
    });

    test('an unknown namespace is netns-missing, and no operations need no namespace', () => {
      assert.throws(() => route.dump('gone'), { code: 'netns-missing' });
      assert.throws(() => route.apply('gone', [addLink(veth)]), { code: 'netns-missing' });
      assert.deepEqual(route.apply('gone', []), []);
    });

    test('a forgotten namespace that is made again is a new one', () => {
      apply(addLink({ kind: 'bridge', name: 'br0' }));
      route.forget('node');
      namespaces.delete('node');
      namespaces.create('node');
      assert.equal(dump().links.size, 0);
      apply(addLink({ kind: 'bridge', name: 'br0' }));
    });
  });
}
