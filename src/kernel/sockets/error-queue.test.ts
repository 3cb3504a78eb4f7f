import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decodeIcmpError } from './error-queue.ts';
import { decodeSockaddr, encodeSockaddr } from './sockaddr.ts';
import { formatAddress } from '../../lib/address.ts';

const ipv4 = fc
  .bigInt({ min: 0n, max: (1n << 32n) - 1n })
  .map((value) => ({ family: 'IPv4', value }) as const);
const ipv6 = fc
  .bigInt({ min: 0n, max: (1n << 128n) - 1n })
  .map((value) => ({ family: 'IPv6', value }) as const);
const port = fc.integer({ min: 0, max: 65535 });

test('a socket address survives encoding', () => {
  fc.assert(
    fc.property(fc.oneof(ipv4, ipv6), port, (address, port) => {
      assert.deepEqual(decodeSockaddr(encodeSockaddr(address, port)), {
        address: formatAddress(address),
        port,
      });
    }),
  );
});

/** One control message, padded: level, type, then a sock_extended_err and what follows it. */
function controlMessage(level: number, type: number, data: Uint8Array): Buffer {
  const bytes = Buffer.alloc(Math.ceil((16 + data.length) / 8) * 8);
  bytes.writeBigUInt64LE(BigInt(16 + data.length), 0);
  bytes.writeInt32LE(level, 8);
  bytes.writeInt32LE(type, 12);
  bytes.set(data, 16);
  return bytes;
}

const extendedError = (origin: number): Buffer =>
  Buffer.concat([Buffer.from([113, 0, 0, 0, origin, 3, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0]), offender]);
const offender = encodeSockaddr({ family: 'IPv4', value: 0x0a000101n }, 0);

test('an ICMP error is found behind other control messages', () => {
  const control = Buffer.concat([
    controlMessage(1, 29, Buffer.alloc(5)),
    controlMessage(0, 11, extendedError(2)),
  ]);
  assert.deepEqual(decodeIcmpError(control), {
    offender: '10.0.1.1',
    type: 3,
    code: 13,
    errno: 'EHOSTUNREACH',
  });
});

test('an error that this machine derived itself is none', () => {
  assert.equal(decodeIcmpError(controlMessage(0, 11, extendedError(1))), undefined);
});

test('arbitrary bytes are never more than no error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      decodeIcmpError(bytes);
      decodeSockaddr(bytes);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (data) => {
      decodeIcmpError(controlMessage(0, 11, data));
    }),
  );
});
