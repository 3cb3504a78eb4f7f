import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { formatAddress, type Family } from '../../lib/address.ts';
import { WeftError } from '../../lib/errors.ts';
import { writeElement } from '../../wire/nfnetlink/set-element.ts';
import { MessageWriter } from '../../wire/netlink/writer.ts';
import { decodeElements, encodeElement } from './element-codec.ts';
import type { NftElement, NftSetType, NftType, NftValue } from './port.ts';
import { writeNftElement } from './write-element.ts';
import { decodeValues, encodeValues } from './values.ts';

const addressOf = (family: Family, bits: bigint): fc.Arbitrary<string> =>
  fc.bigInt({ min: 0n, max: (1n << bits) - 1n }).map((value) => formatAddress({ family, value }));

const dataTypes = ['ipv4_addr', 'ipv6_addr', 'inet_proto', 'inet_service', 'mark', 'ifname'] as const;

const valueOf: Readonly<Record<(typeof dataTypes)[number], fc.Arbitrary<NftValue>>> = {
  ipv4_addr: addressOf('IPv4', 32n),
  ipv6_addr: addressOf('IPv6', 128n),
  inet_proto: fc.constantFrom<NftValue>('tcp', 'udp', 'sctp', 'icmp', 'icmpv6', 0, 255),
  inet_service: fc.integer({ min: 0, max: 0xffff }),
  mark: fc.integer({ min: 0, max: 0xffff_ffff }),
  ifname: fc.stringMatching(/^[a-z][a-z0-9.-]{0,14}$/),
};

const typeList = fc.array(fc.constantFrom(...dataTypes), { minLength: 1, maxLength: 4 });
const valuesOf = (types: readonly (typeof dataTypes)[number][]): fc.Arbitrary<NftValue[]> =>
  fc.tuple(...types.map((type) => valueOf[type]));

const verdict = fc.oneof(
  fc.record(
    { verdict: fc.constantFrom('accept' as const, 'drop' as const, 'return' as const) },
    { noNullPrototype: true },
  ),
  fc.record(
    {
      verdict: fc.constantFrom('jump' as const, 'goto' as const),
      chain: fc.stringMatching(/^[a-z]{1,20}$/),
    },
    { noNullPrototype: true },
  ),
);

/** A set without intervals, and an element of it. */
const plain = fc
  .tuple(typeList, fc.oneof(typeList, fc.constant(['verdict'] as const), fc.constant(undefined)))
  .chain(([key, value]): fc.Arbitrary<[NftSetType, NftElement]> => {
    const keys = valuesOf(key);
    if (value === undefined)
      return fc.tuple(fc.constant({ key }), fc.record({ key: keys }, { noNullPrototype: true }));
    const data = value[0] === 'verdict' ? verdict : valuesOf(value as (typeof dataTypes)[number][]);
    return fc.tuple(
      fc.constant({ key, value }),
      fc.record({ key: keys, value: data }, { noNullPrototype: true }),
    );
  });

test('an element of any type comes back from its bytes, and is written as the same', () => {
  fc.assert(
    fc.property(plain, ([type, element]) => {
      const raw = encodeElement(type, element);
      assert.deepEqual(decodeElements(type, raw), [element]);
      const [written, expected] = [new MessageWriter(), new MessageWriter()];
      writeNftElement(written, type, element);
      for (const one of raw) writeElement(expected, one);
      assert.deepEqual(written.finish(), expected.finish());
    }),
  );
});

test('an interval of a concatenation comes back, its end left out where it is the key', () => {
  const interval = fc
    .array(fc.constantFrom(...dataTypes), { minLength: 2, maxLength: 4 })
    .chain((key) => fc.tuple(fc.constant({ key, interval: true }), valuesOf(key), valuesOf(key)));
  fc.assert(
    fc.property(interval, ([type, key, keyEnd]) => {
      const same = JSON.stringify(key) === JSON.stringify(keyEnd);
      const decoded = decodeElements(type, encodeElement(type, { key, keyEnd }));
      assert.deepEqual(decoded, [same ? { key } : { key, keyEnd }]);
      assert.deepEqual(decodeElements(type, encodeElement(type, { key })), [{ key }]);
    }),
  );
});

test('intervals of one component come back from the starts and ends they are kept as, in any order', () => {
  const type = { key: ['mark'], interval: true } as const;
  const cuts = fc.uniqueArray(fc.integer({ min: 0, max: 0xffff_ffff }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(cuts, fc.boolean(), fc.infiniteStream(fc.nat()), (points, toTheEnd, random) => {
      const edges = points.toSorted((a, b) => a - b);
      // Neighbours touch: each interval ends where the next one begins, and the last may reach the greatest key.
      const elements = edges.flatMap((first, index): NftElement[] => {
        const last = (edges[index + 1] ?? (toTheEnd ? 0x1_0000_0000 : first + 1)) - 1;
        return last > 0xffff_ffff
          ? []
          : [last === first ? { key: [first] } : { key: [first], keyEnd: [last] }];
      });
      const raw = elements
        .flatMap((element) => encodeElement(type, element))
        .map((element) => ({ element, order: random.next().value ?? 0 }))
        .toSorted((a, b) => a.order - b.order)
        .map(({ element }) => element);
      assert.deepEqual(decodeElements(type, raw), elements);
    }),
  );
});

test('a lone key is as wide as its type, those of a concatenation are padded to four bytes', () => {
  const host = { markOrder: 'host' } as const;
  const hex = (types: readonly NftType[], values: readonly NftValue[]): string =>
    encodeValues(types, values, host).toString('hex');
  assert.equal(hex(['inet_proto'], ['tcp']), '06');
  assert.equal(hex(['inet_service'], [80]), '0050');
  assert.equal(hex(['ifname'], ['eth0']), '65746830000000000000000000000000');
  assert.equal(hex(['mark'], [1]), '01000000');
  assert.equal(
    hex(['ipv4_addr', 'inet_proto', 'inet_service'], ['10.0.0.1', 'udp', 53]),
    '0a0000011100000000350000',
  );
});

test('marks are in network order in sets of intervals, for their order is that of bytes', () => {
  const type = { key: ['mark', 'inet_service'], interval: true } as const;
  const [raw] = encodeElement(type, { key: [1, 80] });
  assert.equal(Buffer.from(raw?.key ?? []).toString('hex'), '0000000100500000');
});

test('bytes of another type are malformed, never anything else', () => {
  fc.assert(
    fc.property(plain, fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 4 }), ([type], keys) => {
      const raw = keys.map((key, index) => ({
        key,
        ...(index % 2 === 0 && { data: key }),
        flags: index % 4,
      }));
      try {
        for (const interval of [true, false]) decodeElements({ ...type, interval }, raw);
      } catch (error) {
        assert.ok(error instanceof WeftError);
        assert.equal(error.code, 'nft-malformed');
      }
    }),
  );
  assert.throws(() => decodeValues([], Buffer.alloc(0), { markOrder: 'host' }), WeftError);
});
