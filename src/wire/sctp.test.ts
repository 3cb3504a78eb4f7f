import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decodeSctp, encodeSctp, type SctpPacket } from './sctp.ts';

const port = fc.integer({ min: 1, max: 65_535 });
const tag = fc.integer({ min: 1, max: 0xffff_ffff });
const packet: fc.Arbitrary<SctpPacket> = fc.record({
  sourcePort: port,
  destinationPort: port,
  verificationTag: fc.integer({ min: 0, max: 0xffff_ffff }),
  chunk: fc.oneof(
    fc.record({ type: fc.constant('init' as const), tag }),
    fc.record({ type: fc.constant('init-ack' as const), tag, cookie: fc.uint8Array({ maxLength: 300 }) }),
    fc.constant({ type: 'abort' as const }),
  ),
});

test('a packet is read as it was written', () => {
  fc.assert(
    fc.property(packet, (one) => {
      const read = decodeSctp(encodeSctp(one));
      assert.ok(read);
      const { chunk } = read;
      const plain = chunk.type === 'init-ack' ? { ...chunk, cookie: Uint8Array.from(chunk.cookie) } : chunk;
      assert.deepEqual({ ...read, chunk: { ...plain } }, { ...one, chunk: { ...one.chunk } });
    }),
  );
});

test('a packet with any bit changed on the way is none', () => {
  fc.assert(
    fc.property(packet, fc.nat(), fc.nat(7), (one, at, bit) => {
      const bytes = encodeSctp(one);
      const index = at % bytes.length;
      bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
      assert.equal(decodeSctp(bytes), undefined);
    }),
  );
});

test('whatever is cut short, or is something else, is none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      assert.equal(decodeSctp(bytes), undefined);
    }),
  );
});

test('an INIT has the bytes that the RFC says, and the checksum that a bitwise CRC32c makes', () => {
  const bytes = encodeSctp({
    sourcePort: 40_000,
    destinationPort: 9,
    verificationTag: 0,
    chunk: { type: 'init', tag: 0x0102_0304 },
  });
  const hex = '9c40000900000000e871a60601000014010203040000ffff0001000101020304';
  assert.equal(Buffer.from(bytes).toString('hex'), hex);
});
