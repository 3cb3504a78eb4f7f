import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  addressAfter,
  addressBytes,
  addressFromBytes,
  canonicalAddress,
  familyOf,
  formatAddress,
  inFamily,
  parseAddress,
} from './address.ts';

const textOf = (text: string): string | undefined => {
  const address = parseAddress(text);
  return address === undefined ? undefined : formatAddress(address);
};

test('an IPv4 address is four decimal octets without leading zeros', () => {
  assert.equal(textOf('10.244.0.1'), '10.244.0.1');
  for (const wrong of [
    '',
    '10.244.0',
    '10.244.0.256',
    '10.244.0.01',
    '10.244.0.1.2',
    ' 10.0.0.1',
    '1e1.0.0.1',
  ]) {
    assert.equal(parseAddress(wrong), undefined, wrong);
  }
});

test('IPv6 addresses are written as RFC 5952 wants them', () => {
  const cases: Record<string, string> = {
    '2001:DB8::0:1': '2001:db8::1',
    '2001:db8:0:1:1:1:1:1': '2001:db8:0:1:1:1:1:1',
    '2001:0:0:1:0:0:0:1': '2001:0:0:1::1',
    '::ffff:10.0.0.1': '::ffff:a00:1',
    '::': '::',
    '1::': '1::',
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(textOf(text), expected, text);
});

test('what is no address is refused', () => {
  for (const wrong of [
    ':',
    ':::',
    '1:2',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    'fe80::1%eth0',
    '10.0.0.1::',
    '12345::',
  ]) {
    assert.equal(parseAddress(wrong), undefined, wrong);
  }
});

test('parsing accepts what Node accepts, zones apart', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ unit: fc.constantFrom(...'0123456789abcdef:.'.split('')) })),
      (text) => {
        assert.equal(parseAddress(text) !== undefined, isIP(text) !== 0, text);
      },
    ),
  );
});

test('text and bytes hold the same address', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const address = parseAddress(text);
      assert.ok(address);
      assert.deepEqual(addressFromBytes(addressBytes(address)), address);
      assert.deepEqual(parseAddress(formatAddress(address)), address);
    }),
  );
  assert.equal(addressFromBytes(new Uint8Array(5)), undefined);
});

test('counting on ends with the family', () => {
  const last = parseAddress('255.255.255.255');
  assert.ok(last);
  assert.equal(addressAfter(last, 1n), undefined);
  assert.deepEqual(addressAfter(last, -1n), parseAddress('255.255.255.254'));
});

test('one address has one text, and says its family', () => {
  assert.equal(canonicalAddress('FD00:0:0::0A'), 'fd00::a');
  assert.equal(canonicalAddress('nonsense'), 'nonsense');
  assert.equal(familyOf('fd00::/56'), 'IPv6');
  assert.equal(inFamily(['10.0.0.1', 'fd00::a', 'fd00::b'], 'IPv6'), 'fd00::a');
  assert.equal(inFamily(['10.0.0.1'], 'IPv6'), undefined);
});
