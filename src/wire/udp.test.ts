import assert from 'node:assert/strict';
import { test } from 'node:test';
import { internetChecksum } from './checksum.ts';
import { decodePacket } from './packet.ts';
import { encodeUdp } from './udp.ts';

const ends = { source: '192.0.2.2', destination: '255.255.255.255', sourcePort: 67, destinationPort: 68 };

test('a datagram is one for whoever reads packets, with checksums that are right', () => {
  for (const text of ['', 'a', 'ab', 'odd number of them']) {
    const bytes = encodeUdp({ ...ends, data: Buffer.from(text) });
    assert.deepEqual(decodePacket(bytes), { protocol: 'UDP', ...ends });
    assert.equal(bytes.length, 28 + text.length);
    assert.equal(internetChecksum(bytes.subarray(0, 20)), 0);
    assert.equal(internetChecksum(bytes.subarray(12), 17 + 8 + text.length), 0);
  }
});

test('a checksum of 0 is written as the other one', () => {
  // The words of this datagram sum up to what its complement is 0 of.
  const plain = encodeUdp({ ...ends, data: Buffer.alloc(2) });
  const sum = Buffer.from(plain).readUInt16BE(26);
  const data = Buffer.alloc(2);
  data.writeUInt16BE(sum);
  assert.equal(Buffer.from(encodeUdp({ ...ends, data })).readUInt16BE(26), 0xffff);
});

test('the example of RFC 1071 comes to its sum', () => {
  const sum = internetChecksum(Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7));
  assert.equal(sum, ~0xddf2 & 0xffff);
});
