import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePortAddresses } from './node-port-addresses.ts';

const addresses = {
  primary: ['172.20.1.1', 'fd00:172:20::101'],
  all: ['172.20.1.1', 'fd00:172:20::101', '192.0.2.7', '127.0.0.1', '::1'],
};

test('node ports are at the primary addresses unless ranges are named', () => {
  assert.deepEqual(nodePortAddresses(addresses, []), addresses.primary);
});

test('with ranges they are at all addresses in them, and nowhere else', () => {
  assert.deepEqual(nodePortAddresses(addresses, ['192.0.2.0/24']), ['192.0.2.7']);
  assert.deepEqual(nodePortAddresses(addresses, ['fd00::/16', '172.20.1.1/32']), addresses.primary);
});

test('they are at no loopback address, whatever the ranges', () => {
  assert.deepEqual(nodePortAddresses(addresses, ['0.0.0.0/0', '::/0']), [...addresses.primary, '192.0.2.7']);
});
