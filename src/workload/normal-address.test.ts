import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalAddress } from './normal-address.ts';

test('mapped addresses are told as IPv4, others canonically and without their zone', () => {
  assert.equal(normalAddress('::ffff:10.0.0.1'), '10.0.0.1');
  assert.equal(normalAddress('::ffff:a00:1'), '10.0.0.1');
  assert.equal(normalAddress('10.0.0.1'), '10.0.0.1');
  assert.equal(normalAddress('FD00:0::1'), 'fd00::1');
  assert.equal(normalAddress('fe80::1%eth0'), 'fe80::1');
});
