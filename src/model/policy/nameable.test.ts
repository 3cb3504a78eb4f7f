import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameableIn } from './nameable.ts';

test('a domain name may mean any address but those of pods, Services and the machine itself', () => {
  const isNameable = nameableIn({ podCidrs: ['10.244.0.0/16'], serviceCidrs: ['10.96.0.0/12'] });
  for (const address of ['203.0.113.7', '10.0.0.1', '172.20.0.10', '2001:db8::1', 'fd00::1']) {
    assert.ok(isNameable(address), address);
  }
  for (const address of [
    '10.244.1.1',
    '10.96.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '224.0.0.1',
    '::1',
    'fe80::1',
  ]) {
    assert.ok(!isNameable(address), address);
  }
  assert.ok(!isNameable('nowhere'));
});
