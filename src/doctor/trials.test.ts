import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFakeConntrack } from '../kernel/conntrack/fake.ts';
import { createFakeDriftWatch } from '../kernel/drift/fake.ts';
import { createFakeNetworkNamespaces } from '../kernel/netns/fake.ts';
import { createFakePacketLog } from '../kernel/nft/fake-packet-log.ts';
import { createFakeNftables } from '../kernel/nft/fake.ts';
import type { Nftables } from '../kernel/nft/port.ts';
import { createFakeRouteNetlink } from '../kernel/route/fake.ts';
import type { RouteNetlink, RouteOperation } from '../kernel/route/port.ts';
import { createFakeSockets } from '../kernel/sockets/fake.ts';
import { createFakeSysctl } from '../kernel/sysctl/fake.ts';
import type { Finding } from './finding.ts';
import { linkTrials, there } from './link-trials.ts';
import type { Kernel } from './port.ts';
import { ruleTrials } from './rule-trials.ts';
import { tryAll } from './try-all.ts';

const refuse = (): never => {
  throw new Error('refused by this test');
};

function fakeKernel(): Kernel {
  const namespaces = createFakeNetworkNamespaces();
  return {
    namespaces,
    route: createFakeRouteNetlink({ namespaces }),
    nft: createFakeNftables({ namespaces }),
    sysctl: createFakeSysctl({ namespaces }),
    conntrack: createFakeConntrack({ namespaces }),
    packetLog: createFakePacketLog({ namespaces }),
    drift: createFakeDriftWatch(),
    sockets: createFakeSockets({ addresses: { [there]: ['127.0.0.1'] } }),
  };
}

const trials = [...linkTrials, ...ruleTrials];

/** A fake with some of its methods replaced. */
function altered<T extends object>(fake: T, methods: Partial<T>): T {
  return new Proxy(fake, {
    get(target, name) {
      const value: unknown = Reflect.get(name in methods ? methods : target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function without(nft: Nftables, word: RegExp): Nftables {
  return altered(nft, {
    run(namespace: string, commands: string) {
      if (word.test(commands)) refuse();
      nft.run(namespace, commands);
    },
  });
}

function withoutKind(route: RouteNetlink, kind: string): RouteNetlink {
  const isIt = (operation: RouteOperation): boolean =>
    operation.action === 'add-link' && operation.link.kind === kind;
  return altered(route, {
    apply: (namespace: string, operations: readonly RouteOperation[]) => {
      const bad = operations.find(isIt);
      if (bad === undefined) return route.apply(namespace, operations);
      return [{ operation: bad, errno: 95, code: 'EOPNOTSUPP', message: 'Unknown device type' }];
    },
  });
}

const notOk = (findings: readonly Finding[]): string[] =>
  findings.filter(({ state }) => state !== 'ok').map(({ check, state }) => `${check}: ${state}`);

test('on a kernel that has everything every trial succeeds', () => {
  assert.deepEqual(notOk(tryAll(fakeKernel(), trials)), []);
});

const cases: readonly [
  what: string,
  alter: (kernel: Kernel) => Partial<Kernel>,
  expected: readonly string[],
][] = [
  ['bridge', ({ route }) => ({ route: withoutKind(route, 'bridge') }), ['bridge: missing']],
  ['vxlan', ({ route }) => ({ route: withoutKind(route, 'vxlan') }), ['vxlan: missing']],
  [
    'veth',
    ({ route }) => ({ route: withoutKind(route, 'veth') }),
    ['veth: missing', 'vxlan: skipped', 'settings: skipped', 'IPv6: skipped'],
  ],
  [
    'writable settings',
    ({ sysctl }) => ({ sysctl: altered(sysctl, { write: refuse }) }),
    ['settings: missing', 'IPv6: limited'],
  ],
  [
    'IPv6',
    ({ sysctl }) => ({
      sysctl: altered(sysctl, {
        write: (_namespace: string, values: Readonly<Record<string, string>>) => {
          if ('net.ipv6.conf.default.accept_dad' in values) refuse();
        },
      }),
    }),
    ['IPv6: limited'],
  ],
  ['sockets', ({ sockets }) => ({ sockets: altered(sockets, { connect: refuse }) }), ['sockets: missing']],
  ['messages', ({ drift }) => ({ drift: altered(drift, { watch: refuse }) }), ['change messages: missing']],
  ['nft_nat', ({ nft }) => ({ nft: without(nft, /feature.*snat/s) }), ['nftables nat: missing']],
  [
    'nft_ct',
    ({ nft }) => ({ nft: without(nft, /feature.*ct state/s) }),
    ['nftables connection tracking: missing'],
  ],
  [
    'nft_numgen',
    ({ nft }) => ({ nft: without(nft, /feature.*numgen/s) }),
    ['nftables random choice: missing'],
  ],
  ['nft_reject', ({ nft }) => ({ nft: without(nft, /feature.*reject/s) }), ['nftables reject: missing']],
  ['nft_fib', ({ nft }) => ({ nft: without(nft, /feature.*fib/s) }), ['nftables local addresses: missing']],
  ['nft_log', ({ nft }) => ({ nft: without(nft, /feature.*log group/s) }), ['nftables log: missing']],
  [
    'the tables of nodes',
    ({ nft }) => ({ nft: without(nft, /weft-policy/) }),
    ['tables of a node, IPv4: missing', 'tables of a node, IPv6: limited'],
  ],
  [
    'ctnetlink',
    ({ conntrack }) => ({ conntrack: altered(conntrack, { list: refuse }) }),
    ['connection list: missing'],
  ],
  [
    'nflog',
    ({ packetLog }) => ({ packetLog: altered(packetLog, { listen: refuse }) }),
    ['packet log: missing'],
  ],
];

describe('on a kernel without', () => {
  for (const [what, alter, expected] of cases) {
    test(`${what} that is told, with what to do, and nothing else`, () => {
      const kernel = fakeKernel();
      const findings = tryAll({ ...kernel, ...alter(kernel) }, trials);
      assert.deepEqual(notOk(findings), expected);
      for (const { state, remedy } of findings) {
        assert.equal(remedy !== undefined, state === 'missing' || state === 'limited');
      }
    });
  }

  test('nftables or namespaces what needs them is not tried', () => {
    const kernel = fakeKernel();
    const noRules = tryAll({ ...kernel, nft: altered(kernel.nft, { run: refuse }) }, trials);
    assert.deepEqual(
      noRules.find(({ check }) => check === 'nftables log'),
      { check: 'nftables log', state: 'skipped', found: 'not tried without nftables' },
    );
    const other = fakeKernel();
    const nothing = tryAll({ ...other, namespaces: altered(other.namespaces, { create: refuse }) }, trials);
    assert.equal(nothing[0]?.state, 'missing');
    assert.ok(nothing.slice(1).every(({ state }) => state === 'skipped'));
  });
});
