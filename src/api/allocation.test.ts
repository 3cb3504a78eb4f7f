import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { parseAddress } from '../lib/address.ts';
import { WeftError } from '../lib/errors.ts';
import { contains, parsePrefix } from '../lib/prefix.ts';
import {
  allocateClusterIP,
  allocateNodePort,
  dnsAddress,
  kubernetesAddress,
  nodePortKey,
} from './allocation.ts';

const serviceCidr = '10.96.0.0/12';

test('kubernetes.default and the cluster DNS have their well-known addresses', () => {
  assert.equal(kubernetesAddress(serviceCidr), '10.96.0.1');
  assert.equal(dnsAddress(serviceCidr), '10.96.0.10');
  assert.equal(allocateClusterIP(serviceCidr, new Set(), 'default/kubernetes'), '10.96.0.1');
  assert.equal(allocateClusterIP(serviceCidr, new Set(), 'kube-system/kube-dns'), '10.96.0.10');
  assert.equal(dnsAddress('fd00:10:96::/112'), 'fd00:10:96::a');
});

/** Takes addresses until there are none, in order. */
function exhaust(cidr: string): string[] {
  const used = new Set<string>();
  for (let i = 0; ; i++) {
    const address = allocateClusterIP(cidr, used, `default/s${i}`);
    if (address === undefined) return [...used];
    assert.ok(!used.has(address), address);
    used.add(address);
  }
}

test('the static band of a service range is given out last, and never its fixed addresses', () => {
  const addresses = exhaust('10.0.0.0/24');
  // 254 usable, less .1 and .10; the band is max(16, 256/16) = 16 addresses: .1 to .16
  assert.equal(addresses.length, 252);
  const last = (address: string): number => Number(address.split('.')[3]);
  assert.ok(addresses.slice(0, 238).every((address) => last(address) > 16 && last(address) < 255));
  assert.ok(
    addresses
      .slice(238)
      .every((address) => last(address) >= 2 && last(address) <= 16 && last(address) !== 10),
  );
});

test('the static band of a large range has 256 addresses', () => {
  fc.assert(
    fc.property(fc.string(), (key) => {
      const address = parseAddress(allocateClusterIP('10.96.0.0/20', new Set(), key) ?? '');
      assert.ok(address !== undefined && contains(parsePrefix('10.96.0.0/20')!, address));
      if (key !== 'default/kubernetes' && key !== 'kube-system/kube-dns') {
        assert.ok(address.value > (parseAddress('10.96.1.0')?.value ?? 0n));
      }
    }),
  );
});

test('a Service gets the same address whatever other Services there are', () => {
  const alone = allocateClusterIP(serviceCidr, new Set(), 'default/web');
  const others = new Set(
    ['a', 'b', 'c'].map((name) => allocateClusterIP(serviceCidr, new Set(), name) ?? ''),
  );
  assert.equal(allocateClusterIP(serviceCidr, others, 'default/web'), alone);
});

test('a service range that is none or too small is refused', () => {
  for (const cidr of ['10.96.0.0', 'x/12', '10.0.0.0/29']) {
    assert.throws(() => allocateClusterIP(cidr, new Set(), 'a'), WeftError, cidr);
  }
});

test('node ports come from above the static band until it is all that is left', () => {
  const used = new Set<number>();
  for (let i = 0; i < 2768; i++) {
    const port = allocateNodePort(used, nodePortKey(`default/s${i}`, { port: 80 }));
    assert.ok(port !== undefined && port >= 30000 && port <= 32767 && !used.has(port));
    assert.equal(port >= 30086, i < 2768 - 86);
    used.add(port);
  }
  assert.equal(
    allocateNodePort(used, nodePortKey('default/one-more', { port: 80, protocol: 'UDP' })),
    undefined,
  );
});
