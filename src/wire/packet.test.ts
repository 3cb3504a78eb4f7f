import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decodePacket } from './packet.ts';

const tcpOverIPv4 = Buffer.from(
  '45000034abcd40004006000 00af400010af40102c0011f90'.replaceAll(' ', ''),
  'hex',
);

test('a TCP packet over IPv4 shows its addresses and ports', () => {
  assert.deepEqual(decodePacket(tcpOverIPv4), {
    protocol: 'TCP',
    source: '10.244.0.1',
    destination: '10.244.1.2',
    sourcePort: 0xc001,
    destinationPort: 0x1f90,
  });
});

test('a later fragment has no ports', () => {
  const fragment = Buffer.from(tcpOverIPv4);
  fragment.writeUInt16BE(0x0010, 6);
  assert.equal(decodePacket(fragment)?.sourcePort, 0);
});

test('a UDP packet over IPv6 shows its addresses and ports', () => {
  const header = Buffer.alloc(44);
  header[0] = 0x60;
  header[6] = 17;
  header[23] = 1;
  header[39] = 2;
  header.writeUInt16BE(53, 42);
  assert.deepEqual(decodePacket(header), {
    protocol: 'UDP',
    source: '::1',
    destination: '::2',
    sourcePort: 0,
    destinationPort: 53,
  });
});

test('any bytes are read without an error', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void decodePacket(bytes)));
});
