import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { addressAfter, formatAddress, parseAddress } from '../../lib/address.ts';
import { createAddressBook } from './address-book.ts';
import { allocateAddresses, type Allocation } from './allocate.ts';
import { claimNameOf } from './claim-name.ts';
import { balancedService, poolNamed } from './fixtures.ts';
import { parseRange } from '../../lib/prefix.ts';
import { isInPool, poolsOf, sizeOf } from './pools.ts';
import { canShare, requestOf } from './request.ts';
import type { Service } from '../../api/types/core.ts';
import type { IPAddressPool } from '../../api/types/load-balancer.ts';

/** What a Service is given of these pools while nobody else has anything. */
function given(
  service: Service,
  pools: readonly IPAddressPool[],
  namespaceLabels: Record<string, string> = {},
): Allocation | string {
  const request = requestOf(service);
  if (typeof request === 'string') return request;
  return allocateAddresses({
    request,
    service,
    namespaceLabels,
    pools: poolsOf(pools).pools,
    holdings: createAddressBook(() => false),
    current: [],
  });
}

const poolOf = (allocation: Allocation | string): string =>
  typeof allocation === 'string' ? allocation : 'pool' in allocation ? allocation.pool : allocation.reason;

test('ranges are CIDRs, or from a first to a last address of one family', () => {
  for (const text of [
    '192.0.2.0/24',
    '192.0.2.1-192.0.2.9',
    '2001:db8::1 - 2001:db8::9',
    '192.0.2.5-192.0.2.5',
  ])
    assert.notEqual(parseRange(text), undefined, text);
  for (const text of [
    '192.0.2.9-192.0.2.1',
    '192.0.2.1-2001:db8::1',
    '192.0.2.1',
    '192.0.2.0/33',
    '',
    'a-b',
    '1-2-3',
  ])
    assert.equal(parseRange(text), undefined, text);
});

test('a pool has as many addresses as it gives', () => {
  const first = parseAddress('192.0.0.0') ?? assert.fail();
  const range = fc.tuple(fc.nat(2000), fc.nat(2000)).map(([from, more]) => {
    const [start, end] = [addressAfter(first, BigInt(from)), addressAfter(first, BigInt(from + more))];
    return `${formatAddress(start ?? first)}-${formatAddress(end ?? first)}`;
  });
  fc.assert(
    fc.property(range, fc.boolean(), (text, avoidBuggyIPs) => {
      const [pool = assert.fail()] = poolsOf([poolNamed('one', [text], { avoidBuggyIPs })]).pools;
      let count = 0;
      for (let offset = 0n; offset <= 4001n; offset++) {
        if (isInPool(pool, addressAfter(first, offset) ?? first)) count += 1;
      }
      assert.equal(sizeOf(pool, 'IPv4'), count);
    }),
    { seed: 20261121, numRuns: 30 },
  );
});

test('pools that say for whom they are come first, then those of the lowest priority, and a lab’s own last', () => {
  const lab = poolNamed('a-lab', ['192.0.2.5/32']);
  const pools = [
    { ...lab, metadata: { ...lab.metadata, labels: { 'weft.dev/lab-pool': 'true' } } },
    poolNamed('any', ['192.0.2.0/32']),
    poolNamed('low', ['192.0.2.1/32'], { serviceAllocation: { priority: 50 } }),
    poolNamed('high', ['192.0.2.2/32'], { serviceAllocation: { priority: 1 } }),
    poolNamed('named', ['192.0.2.3/32'], { serviceAllocation: { namespaces: ['shop'] } }),
    poolNamed('elsewhere', ['192.0.2.4/32'], { serviceAllocation: { namespaces: ['other'], priority: 1 } }),
  ];
  const order = poolsOf(pools).pools.map(({ name }) => name);
  assert.deepEqual(order, ['elsewhere', 'named', 'high', 'low', 'any', 'a-lab']);
  assert.equal(poolOf(given(balancedService('web'), pools)), 'named');
});

test('a pool is for Services and namespaces that its selectors select', () => {
  const only = (serviceAllocation: IPAddressPool['spec']['serviceAllocation']): IPAddressPool[] => [
    poolNamed('one', ['192.0.2.0/24'], { ...(serviceAllocation && { serviceAllocation }) }),
  ];
  const web = balancedService('web');
  const labelled = { env: 'prod' };
  const matchLabels = (labels: Record<string, string>) => [{ matchLabels: labels }];
  assert.equal(poolOf(given(web, only({ serviceSelectors: matchLabels({ app: 'web' }) }))), 'one');
  assert.equal(poolOf(given(web, only({ serviceSelectors: matchLabels({ app: 'db' }) }))), 'NoPool');
  assert.equal(poolOf(given(web, only({ namespaceSelectors: matchLabels(labelled) }), labelled)), 'one');
  assert.equal(poolOf(given(web, only({ namespaceSelectors: matchLabels(labelled) }))), 'NoPool');
});

test('what is not given by itself is given to who asks for it by name', () => {
  const pools = [poolNamed('shy', ['192.0.2.0/24'], { autoAssign: false })];
  const asking = (annotations: Record<string, string>): Service => balancedService('web', {}, annotations);
  assert.equal(poolOf(given(balancedService('web'), pools)), 'NoPool');
  assert.equal(poolOf(given(asking({ 'metallb.io/address-pool': 'shy' }), pools)), 'shy');
  assert.equal(poolOf(given(asking({ 'metallb.universe.tf/loadBalancerIPs': '192.0.2.7' }), pools)), 'shy');
  assert.equal(poolOf(given(balancedService('web', { loadBalancerIP: '192.0.2.7' }), pools)), 'shy');
  assert.equal(
    poolOf(given(asking({ 'metallb.io/loadBalancerIPs': '198.51.100.1' }), pools)),
    'AddressNotInPool',
  );
});

test('what cannot be understood is said', () => {
  const asking = (ips: string, spec = {}): Service =>
    balancedService('web', spec, { 'metallb.io/loadBalancerIPs': ips });
  const pools = [poolNamed('one', ['192.0.2.0/24'])];
  assert.match(poolOf(given(asking('x'), pools)), /"x" is not an address/);
  assert.match(poolOf(given(asking('2001:db8::1'), pools)), /of a family that the Service does not have/);
  assert.match(poolOf(given(asking('192.0.2.1,192.0.2.2'), pools)), /second address of its family/);
  assert.match(
    poolOf(given(asking('192.0.2.1', { loadBalancerIP: '192.0.2.1' }), pools)),
    /keep one of them/,
  );
});

test('a dual-stack Service has both addresses of one pool, and one only where that is enough for it', () => {
  const dual = (ipFamilyPolicy: 'PreferDualStack' | 'RequireDualStack'): Service =>
    balancedService('web', { ipFamilyPolicy, clusterIPs: ['10.96.0.1', 'fd00:10:96::1'] });
  const four = poolNamed('four', ['192.0.2.0/24']);
  const both = poolNamed('other', ['198.51.100.0/24', '2001:db8::/120']);
  for (const policy of ['PreferDualStack', 'RequireDualStack'] as const)
    assert.equal(poolOf(given(dual(policy), [four, both])), 'other');
  assert.equal(poolOf(given(dual('PreferDualStack'), [four])), 'four');
  assert.equal(poolOf(given(dual('RequireDualStack'), [four])), 'PoolExhausted');
});

test('no two Services are given one address unless they may share it, whatever they ask for', () => {
  const seed = fc.record({
    port: fc.integer({ min: 80, max: 82 }),
    key: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
    ip: fc.option(fc.constantFrom('192.0.2.1', '192.0.2.2'), { nil: undefined }),
    policy: fc.constantFrom<'Cluster' | 'Local'>('Cluster', 'Local'),
    app: fc.constantFrom('x', 'y'),
  });
  const { pools } = poolsOf([poolNamed('one', ['192.0.2.0/29'])]);
  fc.assert(
    fc.property(fc.array(seed, { minLength: 2, maxLength: 14 }), (seeds) => {
      const book = createAddressBook(() => false);
      const held = new Map<string, NonNullable<Exclude<ReturnType<typeof requestOf>, string>>['holder'][]>();
      for (const [index, { port, key, ip, policy, app }] of seeds.entries()) {
        const spec = { ports: [{ port }], externalTrafficPolicy: policy, selector: { app } };
        const annotations = key === undefined ? {} : { 'metallb.io/allow-shared-ip': key };
        const wish = ip === undefined ? {} : { loadBalancerIP: ip };
        const service = balancedService(`s${index}`, { ...spec, ...wish }, annotations);
        const request = requestOf(service);
        if (typeof request === 'string') assert.fail(request);
        const input = { request, service, namespaceLabels: {}, pools, holdings: book, current: [] };
        const allocation = allocateAddresses(input);
        if (allocation.kind === 'pending') continue;
        book.set(request.holder, allocation.addresses);
        for (const address of allocation.addresses) {
          const others = held.get(address) ?? [];
          assert.ok(others.every((other) => canShare(other, request.holder)));
          held.set(address, [...others, request.holder]);
          assert.ok(ip === undefined || ip === address);
        }
        // What it has it keeps.
        assert.deepEqual(allocateAddresses({ ...input, current: allocation.addresses }), allocation);
      }
    }),
    { seed: 20261121, numRuns: 300 },
  );
});

test('a pool is given to its last address', () => {
  const { pools } = poolsOf([poolNamed('one', ['192.0.2.0/28', '198.51.100.1-198.51.100.3'])]);
  const book = createAddressBook(() => false);
  const all = new Set<string>();
  for (let index = 0; index < 20; index++) {
    const service = balancedService(`s${index}`);
    const request = requestOf(service);
    if (typeof request === 'string') assert.fail(request);
    const input = { request, service, namespaceLabels: {}, pools, holdings: book, current: [] };
    const allocation = allocateAddresses(input);
    if (allocation.kind === 'pending') assert.equal(allocation.reason, 'PoolExhausted');
    else {
      book.set(request.holder, allocation.addresses);
      for (const address of allocation.addresses) all.add(address);
    }
  }
  assert.equal(all.size, 19);
});

test('every address has a claim of a name that the API takes', () => {
  const name = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
  const texts = ['192.0.2.1', '2001:db8::', '::1', '::', '2001:db8::1', 'fd00:172:20::f001'];
  for (const text of texts) assert.match(claimNameOf(text), name);
  assert.equal(new Set(texts.map(claimNameOf)).size, texts.length);
});
