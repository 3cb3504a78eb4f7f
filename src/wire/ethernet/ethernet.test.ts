import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { formatAddress, type Family } from '../../lib/address.ts';
import { decodeArp, encodeArp, noAddress, noMac } from './arp.ts';
import { broadcastMac, decodeFrame, encodeFrame, etherTypes, formatMac } from './frame.ts';
import { decodeHeartbeat, encodeHeartbeats } from './heartbeat.ts';
import {
  decodeNeighbourMessage,
  encodeNeighbourMessage,
  multicastMac,
  solicitedNode,
} from './neighbour-discovery.ts';

const mac = fc.uint8Array({ minLength: 6, maxLength: 6 }).map(formatMac);
const addressIn = (family: Family, bits: number): fc.Arbitrary<string> =>
  fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n }).map((value) => formatAddress({ family, value }));
const ipv4 = addressIn('IPv4', 32);
const ipv6 = addressIn('IPv6', 128);
const options = { seed: 20261121, numRuns: 300 };

test('an ARP request as the kernel sends it is read, and written the same', () => {
  // Captured: 172.20.0.1 asks who has 172.20.224.5, padded to the shortest frame.
  const hex =
    'ffffffffffff0a58ac14000108060001080006040001' +
    '0a58ac140001ac140001000000000000ac14e005' +
    '00'.repeat(18);
  const frame = decodeFrame(Buffer.from(hex, 'hex')) ?? assert.fail();
  assert.deepEqual([frame.destination, frame.source], [broadcastMac, '0a:58:ac:14:00:01']);
  assert.equal(frame.etherType, etherTypes.arp);
  const arp = decodeArp(frame.payload) ?? assert.fail();
  assert.deepEqual(arp, {
    operation: 'request',
    senderMac: '0a:58:ac:14:00:01',
    senderAddress: '172.20.0.1',
    targetMac: noMac,
    targetAddress: '172.20.224.5',
  });
  const again = encodeFrame({ ...frame, payload: encodeArp(arp) });
  assert.equal(Buffer.from(again).toString('hex'), hex.slice(0, 84));
});

test('a neighbour solicitation as the kernel sends it is read, and written the same', () => {
  // fe80::1 asks for fd00:172:20::f005; the checksum is the kernel's.
  const message = {
    kind: 'solicitation',
    source: 'fe80::1',
    destination: solicitedNode('fd00:172:20::f005'),
    target: 'fd00:172:20::f005',
    mac: '0a:58:ac:14:00:01',
  } as const;
  assert.equal(message.destination, 'ff02::1:ff00:f005');
  assert.equal(multicastMac(message.destination), '33:33:ff:00:f0:05');
  assert.deepEqual(decodeNeighbourMessage(encodeNeighbourMessage(message)), message);
});

test('a neighbour message with any bit turned is not read as it was', () => {
  const bytes = encodeNeighbourMessage({
    kind: 'advertisement',
    source: 'fd00::5',
    destination: 'ff02::1',
    target: 'fd00::5',
    mac: '02:00:00:00:00:01',
    isSolicited: false,
    isOverriding: true,
  });
  const good = decodeNeighbourMessage(bytes);
  // Version, traffic class and flow label are not part of the sum.
  for (let bit = 4 * 8; bit < bytes.length * 8; bit++) {
    const turned = Uint8Array.from(bytes);
    turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(decodeNeighbourMessage(turned), undefined, `bit ${bit}`);
  }
  assert.equal(good?.target, 'fd00::5');
});

test('what is written is read again', () => {
  const arp = fc.record({
    operation: fc.constantFrom('request', 'reply'),
    senderMac: mac,
    senderAddress: fc.oneof(ipv4, fc.constant(noAddress)),
    targetMac: mac,
    targetAddress: ipv4,
  });
  fc.assert(
    fc.property(arp, (one) => assert.deepEqual(decodeArp(encodeArp(one)), { ...one })),
    options,
  );
  const claims = fc.array(fc.record({ address: fc.oneof(ipv4, ipv6), isHeld: fc.boolean() }), {
    maxLength: 400,
  });
  fc.assert(
    fc.property(claims, (all) => {
      const payloads = encodeHeartbeats({ cluster: 'c', node: 'n', claims: all });
      const read = payloads.map((payload) => decodeHeartbeat(payload) ?? assert.fail());
      assert.deepEqual(
        read.flatMap((one) => one.claims),
        all.map((claim) => ({ ...claim })),
      );
      assert.ok(payloads.every(({ length }) => length <= 1400));
    }),
    options,
  );
});

test('bytes that mean nothing are never read beyond their end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      decodeFrame(bytes);
      decodeArp(bytes);
      decodeNeighbourMessage(bytes);
      decodeHeartbeat(bytes);
    }),
    options,
  );
  const [whole = new Uint8Array()] = encodeHeartbeats({
    cluster: 'c',
    node: 'n',
    claims: [{ address: '192.0.2.1', isHeld: true }],
  });
  for (let length = 0; length < whole.length; length++) {
    assert.equal(decodeHeartbeat(whole.subarray(0, length)), undefined);
  }
});
