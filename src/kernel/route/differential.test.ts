import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createFakeNetworkNamespaces } from '../netns/fake.ts';
import type { NetworkNamespaces } from '../netns/port.ts';
import { createNetworkNamespaces } from '../netns/real.ts';
import { createFakeRouteNetlink } from './fake.ts';
import type { Link, NamespaceState, RouteNetlink, RouteOperation } from './port.ts';
import { createRouteNetlink } from './real.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

/*
 * Few names, so that operations meet: bridge br0, veths n0 and n1 to e0 and e1 in the other namespace. All links
 * have a mac and an mtu, since the kernel's own choice is its own.
 */
const macs = ['02:00:00:00:00:01', '02:00:00:00:00:02', '02:00:00:00:00:03'];
const linkNames = ['n0', 'n1', 'br0', 'none'];
const mac = fc.constantFrom(...macs);
// One for all: a bridge takes the smallest of its ports, which the fake leaves out.
const mtu = fc.constant(1500);
const anyLink = fc.constantFrom(...linkNames);
const master = fc.constantFrom({}, { master: 'br0' });

const veth: fc.Arbitrary<Link> = fc
  .tuple(fc.constantFrom('0', '1'), mac, mtu, master)
  .map(([n, mac, mtu, master]) => ({
    kind: 'veth',
    name: `n${n}`,
    mac,
    mtu,
    peer: { name: `e${n}`, namespace: 'pod', mac, mtu },
    ...master,
  }));
const bridge = mac.map((mac): Link => ({ kind: 'bridge', name: 'br0', mac, mtu: 1500 }));
const changed = fc
  .tuple(fc.constantFrom('n0', 'n1', 'none'), mac, mtu, master)
  .map(([name, mac, mtu, master]): Link => ({ kind: 'veth-peer', name, mac, mtu, ...master }));

const addresses = ['10.1.0.1/24', '10.2.0.1/24', 'fd00:1::1/64', 'fd00:2::1/64'];
const destinations = {
  IPv4: { prefixes: ['10.8.0.0/16', '10.9.0.0/16'], hops: ['10.1.0.9', '10.2.0.9', '192.0.2.1'] },
  IPv6: { prefixes: ['fd00:8::/64', 'fd00:9::/64'], hops: ['fd00:1::9', 'fd00:2::9', '2001:db8::1'] },
};

const route = fc.constantFrom(destinations.IPv4, destinations.IPv6).chain(({ prefixes, hops }) =>
  fc.record(
    {
      destination: fc.constantFrom(...prefixes),
      link: anyLink,
      via: fc.constantFrom(...hops),
      // Always given: the kernel takes an absent one of a deletion for any.
      metric: fc.constantFrom(5, 6),
      table: fc.constantFrom(200, 70_001),
    },
    { requiredKeys: ['destination', 'link', 'metric'] },
  ),
);
const nowhere = route.map(({ destination, metric, table }) => ({
  destination,
  metric,
  ...(table !== undefined && { table }),
  link: 'lo',
  type: 'throw' as const,
}));

const rule = fc.record(
  {
    family: fc.constantFrom('IPv4', 'IPv6'),
    priority: fc.constantFrom(100, 200),
    mark: fc.constantFrom(7, 8),
    mask: fc.constant(0xff),
    table: fc.constantFrom(200, 70_001),
  },
  { requiredKeys: ['family', 'priority', 'mark', 'table'] },
);

const operation: fc.Arbitrary<RouteOperation> = fc.oneof(
  fc.oneof(veth, bridge).map((link): RouteOperation => ({ action: 'add-link', link })),
  changed.map((link): RouteOperation => ({ action: 'set-link', link })),
  anyLink.map((name): RouteOperation => ({ action: 'delete-link', name })),
  {
    weight: 3,
    arbitrary: fc.record({
      action: fc.constantFrom('add-address', 'delete-address'),
      address: fc.record({ link: anyLink, address: fc.constantFrom(...addresses) }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      action: fc.constantFrom('add-route', 'delete-route'),
      route: fc.oneof({ weight: 4, arbitrary: route }, { weight: 1, arbitrary: nowhere }),
    }),
  },
  fc.record({ action: fc.constantFrom('add-rule', 'delete-rule'), rule }),
  fc.record({
    action: fc.constantFrom('add-neighbour', 'delete-neighbour'),
    neighbour: fc.record({ link: anyLink, address: fc.constantFrom('10.1.0.9', 'fd00:1::9'), mac }),
  }),
);

/** A state without the order of its lists. */
function unordered({ links, addresses, routes, rules = [], neighbours, fdb }: NamespaceState) {
  const sorted = (values: readonly object[]) =>
    values.map((value) => JSON.stringify(value, Object.keys(value).sort())).sort();
  return [[...links.values()], addresses, routes, rules, neighbours, fdb].map(sorted);
}

function run(namespaces: NetworkNamespaces, route: RouteNetlink, lists: readonly RouteOperation[][]) {
  for (const name of ['node', 'pod']) namespaces.create(name);
  try {
    return lists.map((operations) => ({
      failures: route.apply('node', operations).map(({ operation, code }) => ({ operation, code })),
      node: unordered(route.dump('node')),
      pod: unordered(route.dump('pod')),
    }));
  } finally {
    for (const name of ['node', 'pod']) {
      route.forget(name);
      namespaces.delete(name);
    }
  }
}

// WEFT_ROUTE_SEED and WEFT_ROUTE_RUNS draw others, and more of them.
const seed = Number(process.env['WEFT_ROUTE_SEED'] ?? 20_261_122);
const numRuns = Number(process.env['WEFT_ROUTE_RUNS'] ?? 40);

test('the kernel and the fake refuse the same operations and end in the same state', { skip }, (t) => {
  t.diagnostic(`WEFT_ROUTE_SEED=${seed}`);
  const directory = mkdtempSync(join(tmpdir(), 'weft-route-'));
  const real = createNetworkNamespaces({ directory });
  const fake = createFakeNetworkNamespaces();
  const kernel = createRouteNetlink({ namespaces: real });
  const lists = fc.array(fc.array(operation, { maxLength: 8 }), { maxLength: 5 });
  const setUp: RouteOperation[] = ['0', '1'].map((n) => ({
    action: 'add-link',
    link: {
      kind: 'veth',
      name: `n${n}`,
      mac: macs[0] ?? '',
      mtu: 1500,
      peer: { name: `e${n}`, namespace: 'pod', mac: macs[1] ?? '', mtu: 1500 },
    },
  }));
  try {
    fc.assert(
      fc.property(lists, (lists) => {
        const expected = run(real, kernel, [setUp, ...lists]);
        assert.deepEqual(
          run(fake, createFakeRouteNetlink({ namespaces: fake }), [setUp, ...lists]),
          expected,
        );
      }),
      { numRuns, seed },
    );
  } finally {
    kernel.close();
    for (const name of real.list()) real.delete(name);
    real.close();
    rmSync(directory, { recursive: true });
  }
});
