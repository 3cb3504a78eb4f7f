import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseAddress } from './address.ts';
import {
  contains,
  formatPrefix,
  formatRange,
  joinRanges,
  parsePrefix,
  prefixOf,
  prefixOfRange,
  prefixesOfRange,
  rangeOf,
} from './prefix.ts';

const prefixes = fc
  .oneof(fc.tuple(fc.ipV4(), fc.nat(32)), fc.tuple(fc.ipV6(), fc.nat(128)))
  .map(([text, length]) => {
    const address = parseAddress(text);
    assert.ok(address);
    return prefixOf(address, length);
  });

test('host bits are cleared', () => {
  const prefix = parsePrefix('10.244.3.7/16');
  assert.ok(prefix);
  assert.equal(formatPrefix(prefix), '10.244.0.0/16');
});

test('what is no prefix is refused', () => {
  for (const wrong of [
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '300.1.1.1/8',
    '::/129',
    '/8',
    '10.0.0.0/',
  ]) {
    assert.equal(parsePrefix(wrong), undefined, wrong);
  }
});

test('a prefix holds its first and last address and neither neighbour', () => {
  fc.assert(
    fc.property(prefixes, (prefix) => {
      const { first, last } = rangeOf(prefix);
      assert.ok(contains(prefix, first) && contains(prefix, last));
      assert.ok(!contains(prefix, { ...last, value: last.value + 1n }));
      assert.ok(first.value === 0n || !contains(prefix, { ...first, value: first.value - 1n }));
    }),
  );
});

test('a range that is a prefix is found to be that prefix', () => {
  fc.assert(
    fc.property(prefixes, (prefix) => {
      assert.deepEqual(prefixOfRange(rangeOf(prefix)), prefix);
    }),
  );
});

test('a range is written as a prefix where it is one', () => {
  const [first, last] = [parseAddress('10.0.0.1'), parseAddress('10.0.0.9')];
  assert.ok(first && last);
  assert.equal(formatRange({ first, last }), '10.0.0.1-10.0.0.9');
  assert.equal(formatRange({ first, last: first }), '10.0.0.1/32');
});

test('a range is covered by prefixes that do not overlap, and by nothing more', () => {
  fc.assert(
    fc.property(fc.tuple(fc.bigInt(0n, 0xffff_ffffn), fc.bigInt(0n, 0xffff_ffffn)), ([a, b]) => {
      const [low, high] = a < b ? [a, b] : [b, a];
      const covering = prefixesOfRange({
        first: { family: 'IPv4', value: low },
        last: { family: 'IPv4', value: high },
      });
      let next = low;
      for (const prefix of covering) {
        assert.equal(prefix.network.value, next);
        next = rangeOf(prefix).last.value + 1n;
      }
      assert.equal(next, high + 1n);
      assert.ok(covering.length <= 62);
    }),
  );
});

test('ranges are joined where they overlap or touch', () => {
  const rangeOfText = (text: string) => rangeOf(parsePrefix(text) ?? assert.fail(text));
  const join = (...texts: string[]): string[] => joinRanges(texts.map(rangeOfText)).map(formatRange);
  assert.deepEqual(join('10.0.0.2/31', '10.0.0.0/24', '10.0.0.0/30'), ['10.0.0.0/24']);
  assert.deepEqual(join('10.0.1.0/24', '10.0.0.0/24', '10.0.3.0/24'), ['10.0.0.0/23', '10.0.3.0/24']);
  assert.deepEqual(join('fd00::/64', 'fd00::/64', '::/0'), ['::/0']);
  assert.deepEqual(join(), []);
});
