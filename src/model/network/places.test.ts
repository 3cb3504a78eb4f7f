import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePodAddress, macOf, placeOf, podBlocks } from './places.ts';

test('every node gets a /24 of the pod range, until there is none left', () => {
  assert.deepEqual(podBlocks({ podCidrs: ['10.244.0.0/16'] }, 0), ['10.244.0.0/24']);
  assert.deepEqual(podBlocks({ podCidrs: ['10.244.0.0/16'] }, 255), ['10.244.255.0/24']);
  assert.equal(podBlocks({ podCidrs: ['10.244.0.0/16'] }, 256), undefined);
});

test('a pod range smaller than a /24 is one block', () => {
  assert.deepEqual(podBlocks({ podCidrs: ['10.9.8.0/26'] }, 0), ['10.9.8.0/26']);
  assert.equal(podBlocks({ podCidrs: ['10.9.8.0/26'] }, 1), undefined);
});

test('pods get the lowest free address, never the first or the last of the block', () => {
  assert.equal(freePodAddress({ podCidr: '10.244.1.0/30' }, new Set()), '10.244.1.1');
  assert.equal(freePodAddress({ podCidr: '10.244.1.0/30' }, new Set(['10.244.1.1'])), '10.244.1.2');
  assert.equal(
    freePodAddress({ podCidr: '10.244.1.0/30' }, new Set(['10.244.1.1', '10.244.1.2'])),
    undefined,
  );
  const bridged = { podCidr: '10.244.1.0/30', bridgeAddress: '10.244.1.1' };
  assert.equal(freePodAddress(bridged, new Set()), '10.244.1.2');
});

test('a node has a place once it has an address and a block', () => {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } };
  assert.equal(placeOf(node, 'calico'), undefined);
  const status = { addresses: [{ type: 'InternalIP' as const, address: '172.20.1.1' }] };
  assert.deepEqual(placeOf({ ...node, status, spec: { podCIDR: '10.244.3.0/24' } }, 'calico'), {
    name: 'n',
    address: '172.20.1.1',
    podCidr: '10.244.3.0/24',
    tunnelAddress: '10.244.3.0',
  });
});

test('a MAC address carries the IPv4 address and is locally administered', () => {
  assert.equal(macOf('10.244.1.7'), '0a:58:0a:f4:01:07');
});

test('a dual-stack node has a block and an address of each family, in the order of its blocks', () => {
  const config = { podCidrs: ['fd00:10:244::/56', '10.244.0.0/16'] };
  assert.deepEqual(podBlocks(config, 3), ['fd00:10:244:3::/64', '10.244.3.0/24']);
  assert.equal(podBlocks(config, 256), undefined);
  const addresses = ['172.20.1.4', 'FD00:172:20::104'].map((address) => ({
    type: 'InternalIP' as const,
    address,
  }));
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, status: { addresses } };
  const podCIDRs = ['fd00:10:244:3::/64', '10.244.3.0/24'];
  assert.deepEqual(placeOf({ ...node, spec: { podCIDR: podCIDRs[0] ?? '', podCIDRs } }, 'calico'), {
    name: 'n',
    address: 'fd00:172:20::104',
    podCidr: 'fd00:10:244:3::/64',
    tunnelAddress: 'fd00:10:244:3::',
    secondary: { address: '172.20.1.4', podCidr: '10.244.3.0/24', tunnelAddress: '10.244.3.0' },
  });
});

test('tunnels of IPv6 blocks, pods of one block and nodes of one segment have different MAC addresses', () => {
  const macs = ['fd00:10:244:1::', 'fd00:10:244:2::', 'fd00:10:244:2::1', 'fd00:10:244:2::2'].map(macOf);
  assert.equal(new Set(macs).size, macs.length);
});
